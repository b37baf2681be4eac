/** Reports the files of the agent's module to the main thread, so that a development server can watch them. */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import type { ThreadMessage } from './task.ts';

/** Reports the module itself at once, because it may fail to load, and from then on each file that is loaded. */
export function reportLoadedFiles(moduleUrl: string, port: MessagePort): void {
  const report = (url: string): void => {
    if (!url.startsWith('file:') || url.includes('/node_modules/')) return;
    port.postMessage({ launchpool: 'files', files: [fileURLToPath(url)] } satisfies ThreadMessage);
  };
  report(moduleUrl);
  registerHooks({
    load(url, context, nextLoad) {
      report(url);
      return nextLoad(url, context);
    },
  });
}
