/** Reports the files of the agent's module to the main thread, so that a development server can watch them. */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { observeFiles } from './file-uses.ts';
import type { FilesMessage } from './task.ts';

/** Reports each file that is loaded, read or written, and each folder that is listed. The module is the first. */
export function reportFiles(moduleUrl: string, port: MessagePort): void {
  // Not the function that is observed.
  const isThere = existsSync;
  const known = new Set<string>();
  let waiting: string[] = [];
  let since = Date.now();
  const send = (files: string[], written: string[]): void =>
    port.postMessage({ launchpool: 'files', files, written, since } satisfies FilesMessage);
  const flush = (): void => {
    if (waiting.length > 0) send(waiting, []);
    waiting = [];
  };
  /** A package loads hundreds of files: they become one message. */
  const report = (file: string): void => {
    if (known.has(file)) return;
    known.add(file);
    if (waiting.length === 0) {
      since = Date.now();
      setImmediate(flush);
    }
    waiting.push(file);
  };
  // The module may block its thread, or end it, while it loads.
  send([fileURLToPath(moduleUrl)], []);
  process.on('exit', flush);
  registerHooks({
    load(url, context, nextLoad) {
      if (url.startsWith('file:')) report(fileURLToPath(url));
      return nextLoad(url, context);
    },
  });
  observeFiles((use, given) => {
    const path = resolve(given);
    if (use === 'read' || (use === 'looked-for' && !isThere(path))) report(path);
    else if (use === 'listed') report(`${path}/`);
    // At once: the change must not be seen before it is known whose change it is.
    else if ((use === 'written' || (use === 'made' && !isThere(path))) && !known.has(`written ${path}`)) {
      known.add(`written ${path}`);
      send([], [path, `${dirname(path)}/`]);
    }
  });
}
