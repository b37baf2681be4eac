/** The contract between the pool and a worker thread: what goes in, what comes out. */
import type { PlainError } from '../wire/errors.ts';

/** What a thread is told once, when it starts. */
export type ThreadOptions = {
  /** URL of the agent's module. */
  moduleUrl: string;
  /** Whether errors carry their stacks to the caller. */
  exposeStacks: boolean;
  /** Whether the thread reports the files it loads, so that they can be watched. */
  reportFiles: boolean;
  /** The memory of all slots; see slot.ts. */
  memory: SharedArrayBuffer;
  /** How many asynchronous requests a thread may have begun and not finished before it begins no further ones. */
  concurrency: number;
  /** Where a thread of the bundle keeps compiled code. */
  codeFolder: string | undefined;
  /** Whether the module is loaded at once, and not by the first task. */
  loadAtOnce?: boolean;
  /** Whether other threads have loaded the module, so that it is not to blame if this one cannot. */
  hasLoaded?: boolean;
};

export type AgentKind = 'raw' | 'rpc';

/**
 * What a thread is given: the number of a slot that holds a batch; or one request too long for a slot, whose bytes
 * belong to the thread from then on; or nothing, upon which it only loads the module.
 */
export type Task = number | LongTask | null;

/**
 * The request is a view of shared memory of its own, which the reply may be written to. The claim, shared as well, is
 * NOBODY until a thread puts its id there and begins, or the main thread puts DROPPED there, and nobody does.
 */
export type LongTask = { ticket: number; request: Uint8Array<SharedArrayBuffer>; claim: Int32Array<SharedArrayBuffer> };

export const UNCLAIMED = 0;
export const CLAIM_CANCELLED: number = -1;

/** Says whether the request is now this one's. */
export function claimLong(claim: Int32Array<SharedArrayBuffer>, who: number): boolean {
  return Atomics.compareExchange(claim, 0, UNCLAIMED, who) === UNCLAIMED;
}

/**
 * What a task ends with; what became of each request stands in the slot or is told aside. For a batch, how long it
 * took, in microseconds.
 */
export type TaskResult = number | LongResult;

/**
 * The thread that has a long request, and where the reply stands already. Of the kind it tells by message too, which may
 * come later than this.
 */
export type LongResult = { thread: number; kind: AgentKind; range: ByteRange | undefined };

/** From where to where a reply, framed, stands in the memory of its request. */
export type ByteRange = { from: number; to: number };

/** What became of one request. Without a reply and a failure there is nothing to send: a notification. */
export type Outcome = {
  /** A whole frame for the caller. */
  reply?: Uint8Array | undefined;
  /** Or where it stands, if its request is a long one. */
  range?: ByteRange | undefined;
  /** A raw request that failed: there is no frame for that, so its connection closes. */
  failure?: PlainError;
};

/** An outcome that did not fit into its slot, or came after its batch was over. */
export type LateReply = Outcome & {
  /** The use of the slot, or the long request, that it belongs to. */
  ticket: number;
  /** Which frame of it. */
  index: number;
};

/** What is said of a module by a thread that has loaded it for a look: inspect.ts. */
export type Inspected = { kind: AgentKind; methods: string[] } | { error: PlainError };

/** What a thread says outside of its tasks' results. */
export type ThreadMessage =
  /** The module is loaded, and of this kind. Comes before anything its handlers could do to the thread. */
  | { launchpool: 'kind'; kind: AgentKind }
  /** The module cannot be loaded; every request is answered with this error. */
  | { launchpool: 'broken'; error: PlainError }
  /** These files have been loaded. */
  | { launchpool: 'files'; files: string[] }
  | { launchpool: 'aside'; outcomes: LateReply[] };

/** What the main thread says to a thread outside of its tasks, by postMessageToThread(). */
export type MainMessage =
  /** Nobody wants the outcome of this request any more, for this reason. */
  { launchpool: 'cancel'; ticket: number; index: number; error: PlainError };
