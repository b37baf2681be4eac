/** Uninstalls an agent: removes its files, unit, process and sockets. */
import { rm, rmdir } from 'node:fs/promises';
import { isOwned, mustNotBeTaken } from '../installed/ownership.ts';
import { type PlaceOptions, placeOf } from '../installed/place.ts';
import { readRecord } from '../installed/record.ts';
import { removeUnfinished } from './cleanup.ts';
import { removeEmptyFolders, removeTree } from './files.ts';
import { lockFolder, type Unlock } from './lock.ts';
import { createSteps, type StepEvent } from './steps.ts';

export const UNINSTALL_STEPS = {
  unload: 'Have the supervisor unload it',
  files: 'Remove its files',
} as const;

export type UninstallOptions = PlaceOptions & {
  onStep?: (event: StepEvent) => void;
};

export type Uninstalled = { label: string; outcome: 'uninstalled' | 'not-installed' };

/**
 * Stops the agent when its open requests are done, and removes every file, unit, process and socket of it, its logs
 * included. Repeating it does nothing. Files of other programs in a folder of the same name stay, and so does a job of that
 * label that launchpool did not install.
 * @throws the code of the failed step's error, or ERR_LAUNCHPOOL_INSTALL_FAILED; `data.step` names the step.
 */
export async function uninstall(options: UninstallOptions): Promise<Uninstalled> {
  const { label } = options;
  const steps = createSteps(UNINSTALL_STEPS, options.onStep);
  let unlock: Unlock | undefined;
  try {
    const place = placeOf(options);
    const { supervisor, layout } = place;
    unlock = await lockFolder(layout.folder);
    mustNotBeTaken(place, label);
    if (!isOwned(place, label)) return { label, outcome: 'not-installed' };
    const record = readRecord(layout);
    await steps.run('unload', () => supervisor.unload(label));
    await steps.run('files', async () => {
      for (const path of supervisor.pathsOf(label)) await rm(path, { force: true });
      await supervisor.forget(label);
      const { record: recordPath, versions, current, nodes, cache, logs, sockets } = layout;
      for (const path of [versions, current, nodes, cache, logs, ...Object.values(sockets)]) {
        await removeTree(path);
      }
      await removeUnfinished(layout);
      // Last: after a failure, the record still shows that the agent is installed.
      await rm(recordPath, { force: true });
      // Not empty if an app of the same name has files there, on macOS.
      await rmdir(layout.folder).catch(() => undefined);
      await removeEmptyFolders(record?.madeFolders ?? []);
    });
    return { label, outcome: 'uninstalled' };
  } catch (error) {
    throw await steps.fail(error);
  } finally {
    unlock?.();
  }
}
