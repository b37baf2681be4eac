/** A job: an agent to install, independent of the supervisor. */

export type Job = {
  /** Names the job and everything that belongs to it; see checkLabel in wire/address.ts. */
  label: string;
  /** Program and arguments; the program is an absolute path. */
  command: readonly [string, ...string[]];
  /** The environment, without the variables that a supervisor adds, such as HOME. */
  env: Readonly<Record<string, string>>;
  /** Absolute. */
  workingDirectory: string;
  /** Paths of the two sockets, at most 103 bytes each. */
  sockets: { agent: string; control: string };
  /** A second address for requests, on the loopback interface. */
  tcp?: TcpAddress | undefined;
  /** Whether it runs from the start of the session on, and again after a failure. Only for systemd. @default false */
  isResident?: boolean;
  /** The file for standard output and error. @default the supervisor's log, or none under launchd */
  logFile?: string | undefined;
  /** Seconds that a process may take from its start until it has loaded the module. */
  startSeconds: number;
  /** Seconds between the request to stop and SIGKILL. */
  stopSeconds: number;
  /** The resources that macOS grants the process. */
  processType: ProcessType;
  /** Bundle identifiers of the app that System Settings lists the job under. */
  bundleIdentifiers: readonly string[];
};

/** Beside PATH, which launchpool sets, the environment may have secrets: only the user may read them. */
export function modeOf({ env }: Job): number {
  return Object.keys(env).some((name) => name !== 'PATH') ? 0o600 : 0o644;
}

export type TcpAddress = { host: '127.0.0.1' | '::1'; port: number };

/** See ProcessType in launchd.plist(5). */
export const PROCESS_TYPES = ['interactive', 'standard', 'adaptive', 'background'] as const;
export type ProcessType = (typeof PROCESS_TYPES)[number];
