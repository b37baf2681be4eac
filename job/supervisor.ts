/** The interface of a supervisor, which launchd, systemd and the embedded holder implement. */
import type { Job } from './job.ts';

/**
 * - `not-installed`: the supervisor does not have the job.
 * - `idle`: listening without a process, the healthy state at rest; the next connection starts a process.
 * - `starting`, `running`, `stopping`: the job has a process.
 * - `throttled`: the last process ended too soon or too often; the supervisor delays the next start.
 * - `failed`: the last process ended with an error, the supervisor has closed the socket, or the file of the socket was removed;
 *   `detail` gives the cause.
 * - `stopped`: by `launchpool stop`. The marker in the agent's folder says so, and not the supervisor.
 * - `disabled`: switched off by other means.
 * - `blocked`: installed but not loaded, without a reason from the supervisor.
 * - `unknown`: the supervisor gives no answer, or an unknown one.
 */
export const JOB_STATES = [
  'not-installed',
  'idle',
  'starting',
  'running',
  'stopping',
  'throttled',
  'failed',
  'stopped',
  'disabled',
  'blocked',
  'unknown',
] as const;

export type JobStatus = {
  state: (typeof JOB_STATES)[number];
  /** Details of the state, for people. */
  detail?: string;
  /** The process id, while a process exists. */
  pid?: number;
  /** The file of another job that has the label. launchpool does not change such a job. */
  heldBy?: string;
  /** The exit status or signal of the last process; undefined before the first exit. */
  lastExit?: number | string;
  /** Whether connections to the sockets reach the job: false, for instance, for a failed socket unit. */
  listening: boolean;
};

/** The supervisor has the job where it should not be, or where it does not stay. */
export type Misplacement = {
  /**
   * - `loaded-twice`: in two places, each with a process of its own.
   * - `wrong-domain`: in a place where it is not loaded again; loading it moves it to a better one.
   * - `not-after-restart`: in the best place there is now, where it is not loaded again after a restart of the machine.
   */
  id: 'loaded-twice' | 'wrong-domain' | 'not-after-restart';
  /** For people, with what they can do in `hint`. */
  message: string;
  hint: string;
};

/** A file that describes the job to the supervisor. */
export type JobFile = { path: string; text: string; mode: number };

export type Command = readonly [string, ...string[]];

/** The part of a supervisor that only reads. It needs nothing of what describes a job. */
export type JobReader = {
  readonly name: 'launchd' | 'systemd' | 'embedded';
  /** Does not start a process. */
  status(label: string): Promise<JobStatus>;
  /** The status of each job, by one question about all of them. @default a question about each one */
  statuses?(labels: readonly string[]): Promise<JobStatus>[];
};

export type Supervisor = JobReader & {
  /**
   * Checks that this process can reach the supervisor.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE
   */
  check(): Promise<void>;
  /**
   * The files that describe the job.
   * @throws ERR_LAUNCHPOOL_JOB_INVALID
   */
  filesOf(job: Job): JobFile[];
  /** The paths of these files, from the label alone. */
  pathsOf(label: string): string[];
  /**
   * The paths at which other programs have jobs of that label, from the label alone: those of the distribution and of the
   * administrator. A file at one of them is never changed. @default none
   */
  foreignPathsOf?(label: string): string[];
  /**
   * The commands that load() runs without an error, for people to read. The list always has the commands that end a
   * loaded job; load() asks the supervisor and leaves them out without one.
   */
  loading(job: Job, changed: readonly string[]): Command[];
  /**
   * Makes the supervisor hold the job's sockets according to the files on disk. Ends the process if the change needs it.
   * @param changed paths of the files that differ from those the supervisor has read; for a new job, all paths.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED
   */
  load(job: Job, changed: readonly string[]): Promise<void>;
  /**
   * Ends the job, and resolves when only its files are left. Does nothing without such a job.
   * @param stopSeconds of the loaded job. @default what most jobs have
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED
   */
  unload(label: string, stopSeconds?: number): Promise<void>;
  /**
   * Keeps the supervisor from loading the files of an unloaded job by itself, as at a login. load() undoes it.
   * @default nothing: it loads no files by itself
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED
   */
  disable?(label: string): Promise<void>;
  /** Undoes disable(). Nothing else is kept of a label without files. */
  enable?(label: string): Promise<void>;
  /** Called after the files are removed. */
  forget(label: string): Promise<void>;
  /**
   * Asks the process to shut down: it completes open requests, and new connections wait for the next process.
   * @returns the process id; undefined without a process.
   */
  dismiss(label: string): Promise<number | undefined>;
  /** Undefined for a job in its place, for a missing job, and for one of another program. @default always undefined */
  misplacement?(label: string): Promise<Misplacement | undefined>;
  /** The command that prints the supervisor's log of the job; undefined when it keeps none. */
  logCommand(label: string, options: LogRange): Command | undefined;
};

export type LogRange = { lines: number; follow: boolean };
