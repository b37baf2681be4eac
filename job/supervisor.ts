/** What a supervisor can be asked to do with a job: the one shape that launchd, systemd and our own holder have. */
import type { Job } from './job.ts';

/**
 * - `not-installed`: nothing is known of it.
 * - `idle`: listening, without a process; the next connection starts one. The healthy rest.
 * - `starting`, `running`, `stopping`: there is a process.
 * - `throttled`: it ended too soon or too often, and is started again after a while.
 * - `failed`: the last process ended with an error, or the supervisor has given the socket up; `detail` says which.
 * - `disabled`: switched off.
 * - `blocked`: it should be there and is not; the supervisor does not say why.
 * - `unknown`: the supervisor cannot be asked.
 */
export const JOB_STATES = [
  'not-installed',
  'idle',
  'starting',
  'running',
  'stopping',
  'throttled',
  'failed',
  'disabled',
  'blocked',
  'unknown',
] as const;

export type JobStatus = {
  state: (typeof JOB_STATES)[number];
  /** In words, where the state alone does not say it all. */
  detail?: string;
  /** Of the process, if there is one. */
  pid?: number;
  /** Of a job of that label that is somebody else's: the file that tells of it. Nothing is done to such a job. */
  heldBy?: string;
  /** How the last process ended; undefined when none has. */
  lastExit?: number | string;
  /** Whether connections to the sockets reach the job: false for a socket unit that has failed, and the like. */
  listening: boolean;
};

/** A file that tells the supervisor of the job. */
export type JobFile = { path: string; text: string; mode: number };

export type Command = readonly [string, ...string[]];

export type Supervisor = {
  readonly name: 'launchd' | 'systemd' | 'embedded';
  /**
   * Whether it can be reached from here.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE
   */
  check(): Promise<void>;
  /**
   * The files that tell it of the job.
   * @throws ERR_LAUNCHPOOL_JOB_INVALID
   */
  filesOf(job: Job): JobFile[];
  /** The files of a job of which only the label is known. */
  pathsOf(label: string): string[];
  /**
   * The commands that load() runs when nothing goes wrong, for people to read. What ends a job is among them, and is left
   * out by load() where there is none: to know that, the supervisor would have to be asked.
   */
  loading(job: Job, changed: readonly string[]): Command[];
  /**
   * Makes the supervisor hold the job's sockets as the files on disk say. What runs is ended where that is needed.
   * @param changed paths of the files that are not what the supervisor has read; for a new job, all.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED
   */
  load(job: Job, changed: readonly string[]): Promise<void>;
  /**
   * Ends the job, and resolves when nothing is left of it but its files. Of a job that is not there, nothing is done.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED
   */
  unload(label: string): Promise<void>;
  /** To be called when the files have been removed. */
  forget(label: string): Promise<void>;
  /**
   * Asks the process to leave, if there is one: it finishes what it has begun, new connections wait for the next.
   * @returns its id.
   */
  dismiss(label: string): Promise<number | undefined>;
  /** Starts nothing. */
  status(label: string): Promise<JobStatus>;
  /** The command that prints the supervisor's own log of the job, if it keeps one. */
  logCommand(label: string, options: LogRange): Command | undefined;
};

export type LogRange = { lines: number; follow: boolean };
