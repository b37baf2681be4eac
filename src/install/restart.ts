/** Has an installed agent start anew. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusOptions } from '../control/status.ts';
import { jobOfRecord } from '../installed/job-of-record.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { START_MS } from './install.ts';
import { placeOf } from './plan.ts';
import { verify } from './verify.ts';

/**
 * What runs finishes what it has begun; what connects meanwhile waits for the next. An agent whose supervisor had given
 * it up is loaded again. Resolves when the new one answers, with the ids of the process before and of the new one.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED, ERR_LAUNCHPOOL_SUPERVISOR_FAILED, ERR_LAUNCHPOOL_NOT_READY
 */
export async function restart(
  options: StatusOptions,
): Promise<{ label: string; before: number | undefined; pid: number }> {
  const { label } = options;
  const { supervisor, layout, host } = placeOf(options);
  const record = mustBeInstalled(label, host);
  const job = jobOfRecord(record, layout, host);
  if (!(await supervisor.status(label)).listening) await supervisor.load(job, []);
  const before = await supervisor.dismiss(label);
  const timeoutMs = job.stopSeconds * 1000 + START_MS;
  const folder = join(realpathSync(layout.versions), record.hash);
  const dismiss = (): Promise<unknown> => supervisor.dismiss(label);
  const pid = await verify({ sockets: layout.sockets, tcp: job.tcp, folder, timeoutMs, before, dismiss });
  return { label, before, pid };
}
