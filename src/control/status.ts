/** What there is to know of an installed agent. Starts none. */
import type { JobStatus } from '../../job/supervisor.ts';
import { toPlain } from '../../wire/errors.ts';
import { type InstallOptions, type Place, placeOf } from '../install/plan.ts';
import { type Host, hostOf } from '../installed/host.ts';
import { type InstallRecord, installedLabels, readRecord } from '../installed/record.ts';
import { askAgent, type ProcessStatus } from './ask-agent.ts';

export type AgentStatus = JobStatus & {
  label: string;
  supervisor: InstallRecord['supervisor'];
  /** Where its users connect. */
  socket: string;
  /** Undefined when the supervisor knows of a job of that label, and launchpool has not installed it. */
  installed?: Pick<InstallRecord, 'module' | 'kind' | 'methods' | 'node' | 'version'>;
  /** What the process says of itself, if there is one. */
  process?: ProcessStatus;
};

export type StatusOptions = Pick<InstallOptions, 'label' | 'supervisor' | 'host'>;

/**
 * Never fails for what it is told: that the supervisor cannot be asked is a status as well.
 * @param answerMs how long a process that there is may take to answer. @default as one does that has started
 */
export async function status(options: StatusOptions, answerMs?: number): Promise<AgentStatus> {
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
  // Only where there is a process: else the question would start one.
  if (job.state !== 'running') return { ...known, ...job };
  const process = await askAgent(layout.sockets.control, answerMs).catch(() => undefined);
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

/** Of every installed agent, by label. */
export async function list(options: Omit<StatusOptions, 'label'> = {}): Promise<AgentStatus[]> {
  const host: Host = hostOf(options.host);
  return Promise.all(installedLabels(host).map((label) => status({ ...options, label })));
}
