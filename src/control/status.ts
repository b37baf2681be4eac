/** The status of an installed agent, from its supervisor, its record and its process. Starts no agent. */
import type { JobReader, JobStatus } from '../../job/supervisor.ts';
import { toPlain } from '../../wire/errors.ts';
import { changedSources } from '../installed/changed-sources.ts';
import { platformOf } from '../installed/host.ts';
import { type InstalledAgent, installedAgents } from '../installed/labels.ts';
import { type Layout, layoutOf } from '../installed/layout.ts';
import { lostSocket } from '../installed/lost-socket.ts';
import type { HostOptions, PlaceOptions } from '../installed/place.ts';
import { readingPlaceOf } from '../installed/reading-place.ts';
import { type InstallRecord, readRecord } from '../installed/record.ts';
import { withStop } from '../installed/stop-marker.ts';
import { type ProcessStatus, requestStatus } from './client.ts';

export type AgentStatus = JobStatus & {
  label: string;
  supervisor: InstallRecord['supervisor'];
  /** Path of the socket that clients connect to. */
  socket: string;
  /** Undefined if the supervisor has a job of that label that launchpool did not install. */
  installed?: Pick<InstallRecord, 'module' | 'kind' | 'methods' | 'node' | 'version'>;
  /** The own sources that have changed since the installation. Undefined if none has, and in a list. */
  changed?: string[];
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
  return withLostSocket(await supervisedStatus(options, replyMs), layoutAt(options));
}

/** As `status`, without a look at the socket files. */
export async function supervisedStatus({ label, ...options }: StatusOptions, replyMs?: number): Promise<AgentStatus> {
  const { reader, host } = readingPlaceOf(options);
  const layout = layoutOf(label, host);
  const record = readRecord(layout);
  const agent = { label, layout, record };
  const [found] = await statusesOf([agent], reader.name, () => [reader.status(label)], replyMs);
  const changed = changedSources(record?.sources);
  return { ...(found as AgentStatus), ...(changed.length > 0 && { changed }) };
}

/** The status of every installed agent, by label. A supervisor that can be asked about all of them is asked once. */
export async function list(options: HostOptions = {}): Promise<AgentStatus[]> {
  const agents = installedAgents({ ...options.host, ...platformOf(options.supervisor) });
  if (agents.length === 0) return [];
  const { reader } = readingPlaceOf(options);
  const ask: Ask = (labels) => reader.statuses?.(labels) ?? labels.map((label) => reader.status(label));
  const found = await statusesOf(agents, reader.name, ask);
  return found.map((each, index) => withLostSocket(each, (agents[index] as Agent).layout));
}

const layoutAt = ({ label, ...options }: StatusOptions): Layout => layoutOf(label, readingPlaceOf(options).host);

function withLostSocket(agent: AgentStatus, { sockets }: Layout): AgentStatus {
  const lost = agent.listening ? lostSocket(sockets) : undefined;
  if (lost === undefined) return agent;
  const detail = `${lost}: \`launchpool upgrade ${agent.label}\` makes it again`;
  return { ...agent, state: 'failed', listening: false, detail };
}

/** Asks the supervisor about the jobs of these labels. */
type Ask = (labels: readonly string[]) => readonly Promise<JobStatus>[];

type Agent = Pick<InstalledAgent, 'label' | 'layout'> & Partial<Pick<InstalledAgent, 'record'>>;

async function statusesOf(
  agents: readonly Agent[],
  supervisor: JobReader['name'],
  ask: Ask,
  replyMs?: number,
): Promise<AgentStatus[]> {
  const jobs = await jobStatusesOf(agents, ask);
  const processes = await Promise.all(
    agents.map(({ label, layout }) => processOf(jobs.get(label) as JobStatus, layout, replyMs)),
  );
  const unanswered = agents.filter(({ label }, index) => isRunning(jobs.get(label)) && processes[index] === undefined);
  const later = await jobStatusesOf(unanswered, ask);
  return agents.map((agent, index) => {
    const known = knownOf(agent, supervisor);
    const [job, process, now] = [jobs.get(agent.label) as JobStatus, processes[index], later.get(agent.label)];
    if (process !== undefined) return { ...known, ...job, process };
    if (now === undefined) return { ...known, ...job };
    if (now.pid !== job.pid) return { ...known, ...now };
    return { ...known, ...job, detail: 'its control socket does not answer' };
  });
}

/** By label. */
async function jobStatusesOf(agents: readonly Agent[], ask: Ask): Promise<Map<string, JobStatus>> {
  const labels = agents.map(({ label }) => label);
  const answers = labels.length === 0 ? [] : await Promise.allSettled(ask(labels));
  return new Map(answers.map((answer, index) => [labels[index] as string, statusOf(answer, agents[index] as Agent)]));
}

function statusOf(answer: PromiseSettledResult<JobStatus>, { label, layout, record }: Agent): JobStatus {
  if (answer.status === 'rejected')
    return { state: 'unknown', listening: false, detail: toPlain(answer.reason).message };
  return record === undefined ? answer.value : withStop(answer.value, label, layout);
}

const isRunning = (job: JobStatus | undefined): boolean => job?.state === 'running';

/** Undefined without a process, and for one that does not answer. */
async function processOf(job: JobStatus, { sockets }: Layout, replyMs?: number): Promise<ProcessStatus | undefined> {
  // A request to an agent without a process would start one.
  return isRunning(job) ? requestStatus(sockets.control, replyMs).catch(() => undefined) : undefined;
}

/** What is known of an agent without its supervisor. */
function knownOf({ label, layout, record }: Agent, supervisor: JobReader['name']): Omit<AgentStatus, keyof JobStatus> {
  const known: Omit<AgentStatus, keyof JobStatus> = { label, supervisor, socket: layout.sockets.agent };
  if (record === undefined) return known;
  const { module, kind, methods, node, version } = record;
  return { ...known, installed: { module, kind, methods, node, version } };
}
