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
  { previous, status, misplacement, keyFile }: Before,
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
    JSON.stringify(previous?.options) === JSON.stringify(retainedOptions(options)) &&
    previous?.entry === entry &&
    previous.node.path === node.path &&
    previous.logFile === job.logFile &&
    (previous.searchPath ?? SEARCH_PATH) === plan.searchPath &&
    keyFile === undefined;
  const canMove = misplacement !== undefined && misplacement.id !== 'not-after-restart';
  const mustLoad = files.length > 0 || !isSameJob || !status.listening || isUnreachable || canMove;
  return {
    // A job that has failed counts: undoing an upgrade restores it.
    isLoaded: status.listening || status.state === 'failed',
    files,
    isNewVersion,
    mustLoad,
    isUnchanged: !mustLoad && !isNewVersion,
  };
}
