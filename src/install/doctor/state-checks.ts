/** What can be wrong with how a supervisor sees an installed agent. */
import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { isBound } from '../../../libc/is-bound.ts';
import type { Diagnosis, FindingId, Patient } from './finding.ts';
import { endHungProcess } from './hung-process.ts';

const LOGS = 'See `launchpool logs`.';

export function checkState(patient: Patient): Diagnosis[] {
  const { label, layout, status, supervisor, job } = patient;
  const load = (): Promise<void> => supervisor.load(job, []);
  const loadAnew = (): Promise<void> => supervisor.load(job, supervisor.pathsOf(label));
  const found = (id: FindingId, severity: Diagnosis['severity'], rest: Partial<Diagnosis> = {}): Diagnosis[] => [
    { id, label, severity, message: status.detail ?? status.state, ...rest },
  ];
  if (status.heldBy !== undefined) {
    return found('label-taken', 'problem', {
      hint: 'Remove it with what has made it; then --fix has the agent loaded again.',
    });
  }
  switch (status.state) {
    case 'disabled':
      return found('disabled', 'problem', { fix: load });
    case 'not-installed':
      return found('blocked', 'problem', { message: `${supervisor.name} does not know it`, fix: load });
    case 'blocked':
      return found('blocked', 'problem', {
        fix: load,
        hint: 'If that does not help, switch it on in System Settings > General > Login Items.',
      });
    case 'throttled':
      return found('throttled', 'problem', { hint: `It ends as soon as it is started. ${LOGS}` });
    case 'failed':
      if (!status.listening) return found('socket-failed', 'problem', { fix: loadAnew });
      return found('crashed', 'notice', { hint: LOGS });
    case 'running':
      // It cannot be asked where its control socket is not.
      if (status.process !== undefined || faultOf(layout.sockets.control, status.listening) !== undefined) return [];
      return found('not-answering', 'problem', {
        message: `process ${status.pid} does not answer at its control socket`,
        fix: () => endHungProcess(patient),
      });
    default:
      return [];
  }
}

/** A socket that is said to be there and is not, or the other way round. Connecting would start the agent, or be lost. */
export function checkSockets(patient: Patient): Diagnosis[] {
  const { label, layout, supervisor, job, status } = patient;
  // Of one that could not be asked about, nothing follows; of somebody else's job, nothing for our sockets.
  if (status.state === 'unknown' || status.heldBy !== undefined) return [];
  // Whoever stops it is about to remove them.
  if (status.state === 'stopping' && !status.listening) return [];
  return Object.values(layout.sockets).flatMap((path): Diagnosis[] => {
    const fault = faultOf(path, status.listening);
    if (fault === undefined) return [];
    const fix = async (): Promise<void> => {
      await supervisor.unload(label);
      await rm(path, { force: true });
      await supervisor.load(job, supervisor.pathsOf(label));
    };
    return [{ id: 'socket-dead', label, severity: 'problem', message: fault, fix }];
  });
}

function faultOf(path: string, listening: boolean): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!listening) {
    // Of two sockets, one may be held all the same.
    const isLeft = stats !== undefined && !(stats.isSocket() && isBound(path) === true);
    return isLeft ? `nobody listens at ${path}, and it is still there` : undefined;
  }
  if (stats === undefined) return `there is no ${path}: somebody has removed it`;
  if (!stats.isSocket()) return `${path} is no socket`;
  return isBound(path) === false ? `nobody listens at ${path}: it is the socket of somebody who is gone` : undefined;
}
