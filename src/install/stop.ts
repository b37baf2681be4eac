/** Stops an installed agent until it is started: across logins and restarts of the machine. Its files stay. */
import { rm } from 'node:fs/promises';
import type { Job } from '../../job/job.ts';
import { jobOfRecord } from '../installed/job-of-record.ts';
import { taken } from '../installed/ownership.ts';
import { type Place, type PlaceOptions, placeOf } from '../installed/place.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { isStopped } from '../installed/stop-marker.ts';
import { writeText } from './files.ts';
import { lockFolder, type Unlock } from './lock.ts';
import { createSteps, type StepEvent } from './rollback.ts';

export const STOP_STEPS = {
  mark: 'Mark it as stopped',
  unload: 'Have the supervisor unload it',
} as const;

export type StopOptions = PlaceOptions & {
  onStep?: (event: StepEvent) => void;
};

export type Stopped = {
  label: string;
  outcome: 'stopped' | 'already-stopped';
  /** The id of the process that has ended. Undefined if there was none. */
  pid?: number;
};

/**
 * Ends the agent when its open requests are done, and has the supervisor hold its sockets no more, also not after a login or
 * a restart of the machine. Clients get ERR_LAUNCHPOOL_STOPPED at once. Repeating it does nothing.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED, or the code of the failed step's error, or ERR_LAUNCHPOOL_INSTALL_FAILED; `data.step`
 *   names the step.
 */
export async function stop(options: StopOptions): Promise<Stopped> {
  const { label } = options;
  const place = placeOf(options);
  const { supervisor, layout, host } = place;
  mustBeInstalled(label, host);
  const steps = createSteps(STOP_STEPS, options.onStep);
  let unlock: Unlock | undefined;
  try {
    unlock = await lockFolder(layout.folder);
    const job = jobOfRecord(mustBeInstalled(label, host), layout, host);
    const { listening, pid, heldBy } = await supervisor.status(label);
    if (heldBy !== undefined) throw taken(heldBy);
    const wasStopped = isStopped(layout);
    // Before the sockets go: clients that find none learn why.
    await steps.run('mark', async ({ undo, skip }) => {
      if (!(await markStopped(place, undo))) skip('it is marked already');
    });
    await steps.run('unload', async ({ undo, detail }) => {
      if (listening) {
        undo(async () => {
          await supervisor.enable?.(label);
          await supervisor.load(job, []);
        });
      }
      await holdBack(place, job);
      if (pid !== undefined) detail(`process ${pid} has ended`);
    });
    const isDone = wasStopped && !listening && pid === undefined;
    return {
      label,
      outcome: isDone ? 'already-stopped' : 'stopped',
      ...(pid === undefined ? {} : { pid }),
    };
  } catch (error) {
    throw await steps.fail(error);
  } finally {
    unlock?.();
  }
}

/** Ends the job, and keeps its supervisor from loading it. Does nothing if it is kept already. */
export async function holdBack({ supervisor }: Pick<Place, 'supervisor'>, job: Job): Promise<void> {
  // First: a restart of the machine in between would load the job again.
  await supervisor.disable?.(job.label);
  await supervisor.unload(job.label, job.stopSeconds);
}

/** @returns whether there was no marker. */
export function markStopped(
  { layout }: Pick<Place, 'layout'>,
  undo: (action: () => Promise<void>) => void,
): Promise<boolean> {
  return writeText(layout.stopped, '', 0o600, undo);
}

export async function removeMarker({ layout }: Pick<Place, 'layout'>): Promise<void> {
  await rm(layout.stopped, { force: true });
}
