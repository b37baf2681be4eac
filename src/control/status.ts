/** The status of an installed agent, from its supervisor, its record and its process. Starts no agent. */
import type { JobStatus } from '../../job/supervisor.ts';
import { toPlain } from '../../wire/errors.ts';
import { installedLabels } from '../installed/labels.ts';
import { type HostOptions, type Place, type PlaceOptions, placeOf } from '../installed/place.ts';
import { type InstallRecord, readRecord } from '../installed/record.ts';
import { type ProcessStatus, requestStatus } from './client.ts';

export type AgentStatus = JobStatus & {
  label: string;
  supervisor: InstallRecord['supervisor'];
  /** Path of the socket that clients connect to. */
  socket: string;
  /** Undefined if the supervisor has a job of that label that launchpool did not install. */
  installed?: Pick<InstallRecord, 'module' | 'kind' | 'methods' | 'node' | 'version'>;
  /** The status that the process reports; undefined if there is none, or if it does not answer. */
  process?: ProcessStatus;
};

export type StatusOptions = PlaceOptions;

/**
 * A supervisor that cannot be asked is a status too: `unknown`.
 * @param replyMs how long the process may take to reply, in milliseconds. @default 2000
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE if the platform has no supervisor
 */
export async function status(options: StatusOptions, replyMs?: number): Promise<AgentStatus> {
  const place = placeOf(options);
  const { supervisor, layout } = place;
  const job = await jobStatusOf(place, options.label);
  const record = readRecord(layout);
  const known: Omit<AgentStatus, keyof JobStatus> = {
    label: options.label,
    supervisor: supervisor.name,
    socket: layout.sockets.agent,
  };
  if (record !== undefined) {
    const { module, kind, methods, node, version } = record;
    known.installed = { module, kind, methods, node, version };
  }
  // A request to an agent without a process would start one.
  if (job.state !== 'running') return { ...known, ...job };
  const process = await requestStatus(layout.sockets.control, replyMs).catch(() => undefined);
  if (process !== undefined) return { ...known, ...job, process };
  const now = await jobStatusOf(place, options.label);
  if (now.pid !== job.pid) return { ...known, ...now };
  return { ...known, ...job, detail: 'its control socket does not answer' };
}

async function jobStatusOf({ supervisor }: Place, label: string): Promise<JobStatus> {
  try {
    return await supervisor.status(label);
  } catch (error) {
    return { state: 'unknown', listening: false, detail: toPlain(error).message };
  }
}

/** The status of every installed agent, by label. */
export async function list(options: HostOptions = {}): Promise<AgentStatus[]> {
  return Promise.all(installedLabels(options.host).map((label) => status({ ...options, label })));
}
