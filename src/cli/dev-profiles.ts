/** The profiles that an agent writes for `launchpool dev`, with what becomes of them in the log. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../log.ts';
import { type ProfileOptions, profileThreads, type ThreadProfiles } from '../profiles/thread-profiles.ts';
import { COMPILED_SOURCES } from './compiled-sources.ts';

const KINDS = {
  cpu: { name: 'CPU profile', panel: 'Performance' },
  heap: { name: 'heap profile', panel: 'Memory' },
} as const;

export function startDevProfiles(options: ProfileOptions, moduleUrl: string, log: Log): ThreadProfiles {
  return profileThreads(
    options,
    {
      onWritten(kind, thread, path) {
        const { name, panel } = KINDS[kind];
        log.info(
          `${name} of thread ${thread}: ${path} (open it in VS Code, or load it in the ${panel} panel of Chrome)`,
        );
      },
      onFailed: (kind, thread, reason) => log.error(`no ${KINDS[kind].name} of thread ${thread}: ${reason}`),
    },
    join(dirname(fileURLToPath(moduleUrl)), COMPILED_SOURCES),
  );
}
