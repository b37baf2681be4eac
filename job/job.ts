/** What is to be installed, in the words of no supervisor in particular. */

export type Job = {
  /** Names the job and all that belongs to it; see checkLabel in wire/address.ts. */
  label: string;
  /** Program and arguments; the program is an absolute path. */
  command: readonly [string, ...string[]];
  /** The whole environment, but for what a supervisor adds of its own (HOME, and the like). */
  env: Readonly<Record<string, string>>;
  /** Absolute. */
  workingDirectory: string;
  /** Paths of the two sockets, at most 103 bytes each. */
  sockets: { agent: string; control: string };
  /** A second address for requests, on the loopback interface. */
  tcp?: TcpAddress | undefined;
  /** Where standard output and error go; without one, to the supervisor's own log, where it has one. */
  logFile?: string | undefined;
  /** After so many seconds, an agent that was told to leave is killed. */
  stopSeconds: number;
  /** What macOS may take from it for the sake of others. */
  processType: ProcessType;
  /** Bundle identifiers of the app that System Settings shall show this as a part of. */
  bundleIdentifiers: readonly string[];
};

export type TcpAddress = { host: '127.0.0.1' | '::1'; port: number };

/** See ProcessType in launchd.plist(5). */
export const PROCESS_TYPES = ['interactive', 'standard', 'adaptive', 'background'] as const;
export type ProcessType = (typeof PROCESS_TYPES)[number];
