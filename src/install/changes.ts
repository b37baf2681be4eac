/** The difference between a plan and the agent that is installed: which parts of an installation have to run. */
import { join } from 'node:path';
import type { JobStatus, Misplacement } from '../../job/supervisor.ts';
import type { InstallOptions } from '../installed/install-options.ts';
import { SEARCH_PATH } from '../installed/job-options.ts';
import { lostSocket } from '../installed/lost-socket.ts';
import { linkTargetOf } from '../installed/read-optional.ts';
import type { InstallRecord } from '../installed/record.ts';
import { hasText } from './files.ts';
import type { Plan } from './plan.ts';
import { retainedOptions } from './retained-options.ts';

/** The state before an installation. */
export type Before = {
  /** The record, if there is a readable one. */
  previous: InstallRecord | undefined;
  status: JobStatus;
  misplacement: Misplacement | undefined;
  /** Whether the agent is stopped on purpose, and stays so. */
  isStopped: boolean;
  /** The path at which a key has to be made; undefined if there is a key, or none is asked for. */
  keyFile: string | undefined;
};

export type Changes = {
  /** Whether the supervisor has the job already. */
  isLoaded: boolean;
  /** Paths of the supervisor's files whose text changes. */
  files: string[];
  isNewVersion: boolean;
  /** Whether the supervisor has to load the job. */
  mustLoad: boolean;
  /** Whether the agent stays as it is. */
  isUnchanged: boolean;
};

export function changesOf(
  plan: Plan,
  options: InstallOptions,
  { previous, status, misplacement, keyFile, isStopped }: Before,
): Changes {
  const { job, jobFiles, layout, hash, entry, node } = plan;
  // The supervisor may not have read the files of an interrupted installation, and the process before may be running.
  const wasInterrupted = previous?.isUnderWay === true;
  // A supervisor binds a socket whose file was removed only when it loads the job again.
  const isUnreachable = status.listening && lostSocket(layout.sockets) !== undefined;
  const mustReadAll = wasInterrupted || isUnreachable;
  const files = jobFiles.filter(({ path, text }) => mustReadAll || !hasText(path, text)).map(({ path }) => path);
  const isNewVersion = wasInterrupted || linkTargetOf(layout.current) !== join(layout.versions, hash);
  // Compared too, since the embedded holder has no files.
  const isSameJob =
    JSON.stringify(ofJob(previous?.options)) === JSON.stringify(ofJob(retainedOptions(options))) &&
    previous?.entry === entry &&
    previous.node.path === node.path &&
    previous.logFile === job.logFile &&
    (previous.searchPath ?? SEARCH_PATH) === plan.searchPath &&
    keyFile === undefined;
  const canMove = misplacement !== undefined && misplacement.id !== 'not-after-restart';
  const isChanged = files.length > 0 || !isSameJob;
  const mustLoad = !isStopped && (isChanged || !status.listening || isUnreachable || canMove);
  return {
    // A job that has failed counts: undoing an upgrade restores it.
    isLoaded: status.listening || status.state === 'failed',
    files,
    isNewVersion,
    mustLoad,
    isUnchanged: !isChanged && !mustLoad && !isNewVersion,
  };
}

/** How many versions are kept is nothing to the job. */
function ofJob(options: object | undefined): object | undefined {
  return options && { ...options, keep: undefined };
}

/** What the record says about the way of this version to the agent. */
export type Origin = Pick<InstallRecord, 'rolledBackFrom'> & { installedAt: string | undefined };

export function originOf({ returnsTo }: Plan, previous: InstallRecord | undefined, isUnchanged: boolean): Origin {
  // A rollback to the version that is there mends what has become of its files.
  const stays = isUnchanged || (returnsTo !== undefined && returnsTo.hash === previous?.hash);
  if (stays) return { installedAt: previous?.installedAt, rolledBackFrom: previous?.rolledBackFrom };
  if (returnsTo !== undefined) return { installedAt: returnsTo.installedAt, rolledBackFrom: previous?.hash };
  return { installedAt: new Date().toISOString() };
}
