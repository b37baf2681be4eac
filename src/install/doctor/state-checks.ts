/** Checks the state of an agent at its supervisor, and its sockets. */
import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { isBound } from '../../../libc/is-bound.ts';
import { holdBack } from '../stop.ts';
import type { Diagnosis, FindingId, Installation } from './finding.ts';
import { endHungProcess } from './hung-process.ts';

const LOGS = 'See `launchpool logs`.';

/** Whether another program's job has the label. Comes first: a file of the agent could take the place of that job. */
export function checkLabel({ label, status }: Installation): Diagnosis[] {
  const { heldBy, detail: message = `another job has this label: ${heldBy}` } = status;
  if (heldBy === undefined) return [];
  const hint = 'Remove the job with the program that installed it. Then --fix loads the agent again.';
  return [{ id: 'label-taken', label, severity: 'problem', message, hint }];
}

/** Whether an agent that is stopped on purpose is held all the same, as after a switch in Login Items. */
export function checkStop(installation: Installation): Diagnosis[] {
  const { label, job, status, supervisor, isStopped } = installation;
  if (!isStopped || !status.listening) return [];
  const message = `the agent is stopped, and ${supervisor.name} holds its sockets`;
  const hint = `To have it run, use: launchpool start ${label}`;
  return [{ id: 'not-stopped', label, severity: 'problem', message, hint, fix: () => holdBack(installation, job) }];
}

/** Where the supervisor has the job. */
export function checkPlacement({ label, misplacement, load }: Installation): Diagnosis[] {
  if (misplacement === undefined) return [];
  if (misplacement.id === 'not-after-restart') return [{ ...misplacement, label, severity: 'notice' }];
  return [{ ...misplacement, label, severity: 'problem', fix: () => load([]) }];
}

export function checkState(installation: Installation): Diagnosis[] {
  const { label, layout, status, supervisor } = installation;
  const load = (): Promise<void> => installation.load([]);
  const loadAllFiles = (): Promise<void> => installation.load(supervisor.pathsOf(label));
  const finding = (id: FindingId, severity: Diagnosis['severity'], rest: Partial<Diagnosis> = {}): Diagnosis[] => [
    { id, label, severity, message: status.detail ?? status.state, ...rest },
  ];
  switch (status.state) {
    case 'disabled':
      return finding('disabled', 'problem', { fix: load });
    case 'not-installed':
      return finding('blocked', 'problem', { message: `${supervisor.name} has no such job`, fix: load });
    case 'blocked':
      return finding('blocked', 'problem', {
        fix: load,
        hint: 'If the fix does not help, enable the agent in System Settings > General > Login Items.',
      });
    case 'throttled':
      return finding('throttled', 'problem', { hint: `The agent exits right after its start. ${LOGS}` });
    case 'failed':
      if (!status.listening) return finding('socket-failed', 'problem', { fix: loadAllFiles });
      return finding('crashed', 'notice', { hint: LOGS });
    case 'running':
      // Without a control socket, the missing reply is not the process's fault: checkSockets() reports the socket.
      if (status.process !== undefined || socketFault(layout.sockets.control, status.listening) !== undefined)
        return [];
      return finding('not-answering', 'problem', {
        message: `process ${status.pid} does not answer at its control socket`,
        fix: () => endHungProcess(installation),
      });
    default:
      return [];
  }
}

/**
 * Finds sockets that are missing although the supervisor listens, or that exist although it does not. Makes no connection: it
 * would start the agent.
 */
export function checkSockets(installation: Installation): Diagnosis[] {
  const { label, layout, supervisor, status, load } = installation;
  // An unknown status says nothing about the sockets, and neither does the status of another program's job.
  if (status.state === 'unknown' || status.heldBy !== undefined) return [];
  // The supervisor is about to remove the sockets.
  if (status.state === 'stopping' && !status.listening) return [];
  return Object.values(layout.sockets).flatMap((path): Diagnosis[] => {
    const fault = socketFault(path, status.listening);
    if (fault === undefined) return [];
    const fix = async (): Promise<void> => {
      await supervisor.unload(label);
      await rm(path, { force: true });
      await load(supervisor.pathsOf(label));
    };
    return [{ id: 'socket-dead', label, severity: 'problem', message: fault, fix }];
  });
}

/** The fault of a socket; undefined if it has none. */
function socketFault(path: string, listening: boolean): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!listening) {
    // The supervisor may hold one of the two sockets.
    const isStale = stats !== undefined && !(stats.isSocket() && isBound(path) === true);
    return isStale ? `${path} exists, and no process listens there` : undefined;
  }
  if (stats === undefined) return `the socket ${path} is missing: another program removed it`;
  if (!stats.isSocket()) return `${path} is not a socket`;
  return isBound(path) === false ? `no process listens at ${path}: the process that bound it has exited` : undefined;
}
