/** Uninstalls an agent: removes its files, unit, process and sockets. */
import { rm } from 'node:fs/promises';
import { holderLockOf } from '../../wire/address.ts';
import { isOwned, mustNotBeTaken } from '../installed/ownership.ts';
import { type Place, type PlaceOptions, placeOf } from '../installed/place.ts';
import { hasClaim } from '../installed/record.ts';
import { removeUnfinished } from './cleanup.ts';
import { removeTree } from './files.ts';
import { lockFolder, NOT_LOCKED, type Unlock } from './lock.ts';
import { releaseFolder, withFoldersLocked } from './made-folders.ts';
import { createSteps, type StepEvent } from './rollback.ts';

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
    if (!isOwned(place, label)) {
      await removeInterrupted(place, unlock !== NOT_LOCKED);
      return { label, outcome: 'not-installed' };
    }
    await steps.run('unload', () => supervisor.unload(label));
    await steps.run('files', async () => {
      const jobPaths = supervisor.pathsOf(label);
      for (const path of jobPaths) await rm(path, { force: true });
      await supervisor.forget(label);
      await supervisor.enable?.(label);
      const { versions, current, nodes, stopped, cache, logs, sockets } = layout;
      // A program that held the sockets itself and was killed has left their locks.
      const socketPaths = Object.values(sockets).flatMap((path) => [path, holderLockOf(path)]);
      for (const path of [versions, current, nodes, stopped, cache, logs, ...socketPaths]) {
        await removeTree(path);
      }
      await removeUnfinished([...jobPaths, current, layout.record]);
      // Last: after a failure, the record still shows that the agent is installed. On macOS, an app of the same name may
      // have files in the folder, so it is removed only if it is empty.
      await releaseFolder(place);
    });
    return { label, outcome: 'uninstalled' };
  } catch (error) {
    throw await steps.fail(error);
  } finally {
    unlock?.();
  }
}

/** Removes what killed installations made before they wrote a record. */
async function removeInterrupted(place: Place, isLocked: boolean): Promise<void> {
  const { layout } = place;
  // Without the lock, a claim belongs to an installation that has just started.
  if (!isLocked || !hasClaim(layout)) return withFoldersLocked(place, async () => undefined);
  for (const path of [layout.versions, layout.nodes]) await removeTree(path);
  await removeUnfinished([layout.record]);
  await releaseFolder(place);
}
