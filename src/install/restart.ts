/** Restarts an installed agent. */
import { stoppedError } from '../../wire/stopped.ts';
import { changedSources } from '../installed/changed-sources.ts';
import { jobOfRecord } from '../installed/job-of-record.ts';
import { lostSocket } from '../installed/lost-socket.ts';
import { type PlaceOptions, placeOf } from '../installed/place.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { isStopped } from '../installed/stop-marker.ts';
import { replaceProcess } from './replace-process.ts';

/**
 * The running process finishes its open requests; new connections wait for the next process. An agent that its supervisor
 * gave up, or whose socket was removed, is loaded again. Resolves when the new process answers.
 * @returns the ids of the process before, if there was one, and of the new process; and the own sources that have changed since
 *   the installation, which the new process does not have.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED, ERR_LAUNCHPOOL_STOPPED, ERR_LAUNCHPOOL_SUPERVISOR_FAILED,
 *   ERR_LAUNCHPOOL_NOT_READY
 */
export async function restart(
  options: PlaceOptions,
): Promise<{ label: string; before: number | undefined; pid: number; changed: string[] }> {
  const { label } = options;
  const place = placeOf(options);
  const { supervisor, layout, host } = place;
  const record = mustBeInstalled(label, host);
  const job = jobOfRecord(record, layout, host);
  const { listening } = await supervisor.status(label);
  if (!listening && isStopped(layout)) throw stoppedError(label);
  if (!listening) await supervisor.load(job, []);
  else if (lostSocket(layout.sockets) !== undefined) await supervisor.load(job, supervisor.pathsOf(label));
  return { label, ...(await replaceProcess(place, job, record.hash)), changed: changedSources(record.sources) };
}
