/** The options and the operations of the dispatcher. Types only. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { Peer } from '../../workers/request-facts.ts';
import type { MethodOptions } from '../../workers/task.ts';
import type { Pool } from '../pool/contract.ts';
import type { Cancellation, CancellationOptions } from './cancel/cancellation.ts';
import type { Admission } from './connection/admission.ts';
import type { Conversation } from './connection/conversation-options.ts';
import type { ReplySink } from './connection/reply-queue.ts';
import type { Latency } from './latency.ts';

/** As in AgentOptions. */
export type DispatcherOptions = {
  maxRequests?: number;
  maxBytes?: number;
  queueTimeoutMs?: number;
  runTimeoutMs?: number;
  cancelGraceMs?: number;
  /** What the module says of its methods. */
  methodOptions?: MethodOptions | undefined;
  onBlocked?: CancellationOptions['onBlocked'];
};

/** Counted since the start of the agent. */
export type DispatcherCounts = Cancellation['counts'] & {
  /** Requests that have an outcome. */
  done: number;
  /** Requests that were refused because the agent was busy. */
  refused: number;
};

/** The parts of a pool that the dispatcher uses. */
export type DispatchPool = Pick<
  Pool,
  | 'slots'
  | 'kind'
  | 'hasLoaded'
  | 'maxThreads'
  | 'hasRoom'
  | 'hasExtraRoom'
  | 'run'
  | 'runLong'
  | 'cancel'
  | 'passItems'
  | 'probe'
  | 'replace'
  | 'isLost'
  | 'setStuck'
  | 'addOpen'
  | 'addOrphans'
  | 'giveCredit'
  | 'listen'
>;

export type Dispatcher = Pick<Cancellation, 'abortAll'> & {
  /**
   * To be called when the pool knows the kind of the module, or answers with errors alone.
   * @param peer who has connected; undefined over TCP.
   */
  open(sink: ReplySink, peer?: Peer): Conversation;
  /** Memory for a frame that arrives in pieces; a long frame in it is not copied again. */
  allocate(bytes: number): Buffer;
  /** Takes such memory back, if no frame in it was dispatched. */
  recycle(memory: Buffer): void;
  /** Counts memory of connections: unread replies, and frames that have arrived in part. See admission.ts. */
  hold: Admission['hold'];
  /** Whether requests may start; not while clients leave too many replies unread. */
  readonly mayStart: boolean;
  /** The memory of requests, replies and arriving frames. */
  readonly bytes: number;
  /** Requests of all connections that have been read and have no outcome yet. */
  readonly requests: number;
  /** How many of these have not started. */
  readonly waiting: number;
  readonly counts: DispatcherCounts;
  readonly latency: Latency;
  /** Takes the options of the module's methods, once they are known, and those of another version. */
  setMethodOptions(options: MethodOptions | undefined): void;
  /** Settles every request with the error, unless the agent is raw. */
  settleAll(reason: LaunchpoolError): void;
  /** Stops all timers and checks. */
  stop(): void;
};
