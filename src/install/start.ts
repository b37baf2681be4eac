/** Starts an installed agent that is stopped, or that its supervisor does not hold for another reason. */
import { jobOfRecord } from '../installed/job-of-record.ts';
import { taken } from '../installed/ownership.ts';
import { placeOf } from '../installed/place.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { isStopped } from '../installed/stop-marker.ts';
import { lockFolder, type Unlock } from './lock.ts';
import { replaceProcess } from './replace-process.ts';
import { createSteps } from './rollback.ts';
import { holdBack, markStopped, removeMarker, type StopOptions } from './stop.ts';
import { checkPort } from './verify.ts';

export const START_STEPS = {
  load: 'Have the supervisor hold the sockets',
  verify: 'Start the agent and verify that it answers',
} as const;

export type StartOptions = StopOptions;

export type Started = {
  label: string;
  outcome: 'started' | 'already-started';
  /** The id of the process. Undefined for an agent that was not stopped, and has none now. */
  pid?: number;
};

/**
 * Has the supervisor hold the sockets again, and verifies that the agent answers. An agent that was stopped is stopped again
 * if it does not. An agent that listens is left as it is.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED, or the code of the failed step's error, or ERR_LAUNCHPOOL_INSTALL_FAILED; `data.step`
 *   names the step.
 */
export async function start(options: StartOptions): Promise<Started> {
  const { label } = options;
  const place = placeOf(options);
  const { supervisor, layout, host } = place;
  mustBeInstalled(label, host);
  const steps = createSteps(START_STEPS, options.onStep);
  let unlock: Unlock | undefined;
  try {
    unlock = await lockFolder(layout.folder);
    const record = mustBeInstalled(label, host);
    const job = jobOfRecord(record, layout, host);
    const { listening, pid, heldBy } = await supervisor.status(label);
    if (heldBy !== undefined) throw taken(heldBy);
    const wasStopped = isStopped(layout);
    const isStarted = listening && !wasStopped;
    await steps.run('load', async ({ undo, skip }) => {
      if (isStarted) return skip('it is not stopped');
      if (job.tcp !== undefined && !listening) await checkPort(job.tcp);
      if (wasStopped) {
        undo(async () => {
          await markStopped(place, () => undefined);
          await holdBack(place, job);
        });
      }
      // First: clients that connect from now on wait for the socket.
      await removeMarker(place);
      // All files: an upgrade may have changed them since.
      await supervisor.load(job, supervisor.pathsOf(label));
    });
    const now = await steps.run('verify', async ({ detail, skip }) => {
      if (isStarted) {
        skip('it is not stopped');
        return pid;
      }
      const replaced = await replaceProcess(place, job, record.hash);
      detail(`process ${replaced.pid}`);
      return replaced.pid;
    });
    return {
      label,
      outcome: isStarted ? 'already-started' : 'started',
      ...(now === undefined ? {} : { pid: now }),
    };
  } catch (error) {
    throw await steps.fail(error);
  } finally {
    unlock?.();
  }
}
