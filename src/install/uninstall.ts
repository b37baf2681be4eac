/** Removes an agent, and all that was made for it. */
import { rm, rmdir } from 'node:fs/promises';
import { isOwned, mustNotBeTaken } from '../installed/ownership.ts';
import { readRecord } from '../installed/record.ts';
import { removeUnfinished } from './cleanup.ts';
import { removeEmptyFolders, removeTree } from './files.ts';
import { lockFolder, type Unlock } from './lock.ts';
import { type InstallOptions, placeOf } from './plan.ts';
import { createSteps, type StepEvent } from './steps.ts';

export const UNINSTALL_STEPS = {
  unload: 'Have the supervisor let go of it',
  files: 'Remove its files',
} as const;

export type UninstallOptions = Pick<InstallOptions, 'label' | 'supervisor' | 'host'> & {
  onStep?: (event: StepEvent) => void;
};

export type Uninstalled = { label: string; outcome: 'uninstalled' | 'not-installed' };

/**
 * Ends the agent, once it has finished what it has begun, and leaves no file, unit, process or socket of it; its logs go
 * too. To do it again does nothing. What others keep in a folder of the same name stays, and so does a job of that label
 * that was not made here.
 * @throws with the code of what went wrong, or ERR_LAUNCHPOOL_INSTALL_FAILED; `data.step` names the step.
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
      // Last, so that what could not be removed is still known of.
      await rm(recordPath, { force: true });
      // Not ours alone: on a Mac, an app of the same name keeps its things there.
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
