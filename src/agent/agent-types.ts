/** What an agent is started with, and what can be done with it. Types only. */
import type { Socket } from 'node:net';
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { FileReport } from '../../wire/file-report.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import type { RenamedSockets } from '../gate/peer-check.ts';
import type { Log } from '../log.ts';
import type { FirstThread } from '../pool/first-thread.ts';
import type { AgentOptions } from './options.ts';
import type { Reloaded } from './reload.ts';
import type { AgentStatus } from './status.ts';

export type AgentStart = {
  options: AgentOptions;
  /** Bound, listening descriptors, for requests and for the control socket. */
  sockets: { agent: readonly number[]; control: readonly number[] };
  /** The paths of the job, if its supervisor renames sockets: see SafetyOptions. */
  renamed?: RenamedSockets | undefined;
  log: Log;
  /** Called with the files of the module, in development. */
  onFiles?: (report: FileReport) => void;
  /** Called once, at the start of the shutdown. */
  onShutdown?: (reason: string) => void;
  /** What the module offers, if its version says it. */
  facts: ModuleFacts | undefined;
  /** Reads what the version of another module says. */
  readFacts: (moduleUrl: string) => ModuleFacts | undefined;
  /** The first thread, or the error that every client gets: a client without a reply would wait forever. */
  first: FirstThread | LaunchpoolError;
};

export type Agent = {
  /**
   * Resolves when the agent reads clients, with whether it does: it may have been told to shut down before.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID
   */
  readonly listening: Promise<boolean>;
  /** Does the work that no client waits for: starts the other threads of `minThreads`. */
  settleIn(): void;
  /** Stops accepting, completes open requests within `drainMs`, and ends. Further calls have no effect. */
  shutDown(reason: string): void;
  /** As {@link shutDown}, for an agent whose holder has exited: accepts first what waits in the kernel. */
  shutDownOrphaned(reason: string): Promise<void>;
  /** Resolves after the shutdown, with the exit status of the process. */
  readonly stopped: Promise<number>;
  /** See reload.ts. */
  reload(): Promise<Reloaded>;
  /** Has a thread load the module. */
  load(): Promise<void>;
  /** Whether the module has failed to load. */
  readonly isBroken: boolean;
  /** Takes over a client that this process itself has let in, once the agent listens: a paused socket, or a link over NATS. */
  accept(socket: Socket): void;
  /** @param asker see utilisation.ts. */
  status(asker: object): AgentStatus;
  /** The number of requests that could start now. */
  places(): number;
};
