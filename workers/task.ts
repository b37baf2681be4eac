/** The contract between the pool and a worker thread: its options, its tasks, their results, and the messages. */
import type { OwnSchema } from '../description/own-schemas.ts';
import type { PlainError } from '../wire/errors.ts';
import type { FileReport } from '../wire/file-report.ts';
import type { ValidationMode } from '../wire/validation-mode.ts';
import type { LogMessage } from './log-lines.ts';
import type { ReplyAccount } from './reply-account.ts';
import { NO_PID, NO_UID, type Peer, peerOf } from './request-facts.ts';
import type { Snapshot } from './snapshot.ts';
import type { Flow } from './stream/flow.ts';

/** The options of a thread, set once at its start. */
export type ThreadOptions = {
  /** URL of the agent's module. */
  moduleUrl: string;
  /** Whether errors carry their stacks to the caller. */
  exposeStacks: boolean;
  /** Whether the thread reports the files that it loads, so that they can be watched. */
  reportFiles: boolean;
  /** The memory of all slots; see slot.ts. */
  memory: SharedArrayBuffer;
  /** How many asynchronous requests a thread may have open before it begins no further request. */
  concurrency: number;
  /** The highest number of requests in a JSON-RPC batch. @default 10000 */
  maxBatch?: number | undefined;
  /** What becomes of arguments that do not have the types of the parameters. @default 'on' */
  validate?: ValidationMode | undefined;
  /** The longest reply, and the bytes of waiting replies from which on a thread begins no further request. */
  maxReplyBytes: number;
  /** Folder in which a thread of the bundle keeps compiled code. */
  codeFolder: string | undefined;
  /** Whether the thread loads the module at once, not with its first task. */
  loadAtOnce?: boolean;
  /** The kind that the module must have; undefined while it is not known. */
  kind?: AgentKind | undefined;
  /** Whether the thread loads from `snapshot`, and reports what else it has loaded, for further threads. */
  takesSnapshot?: boolean;
  /** What the first thread has loaded; undefined to load everything from its file. */
  snapshot?: Snapshot | undefined;
  /** The reason why the module cannot be loaded. The thread answers every request with it, and does not load the module. */
  broken?: PlainError | undefined;
  /** Set if a debugger may attach to the thread. */
  inspect?: InspectorOptions | undefined;
};

/** Where the inspector of a thread listens. */
export type InspectorOptions = {
  /** 0 for any free one, which is also taken when the port is in use. */
  port: number;
  /** Whether the thread waits for a debugger before it loads the module. */
  waits: boolean;
};

/** A debugger can attach to the thread; without a URL, no port could be opened. Sent before the thread loads the module. */
export type InspectorMessage = { launchpool: 'inspector'; thread: number; url: string | undefined; waits: boolean };

export type AgentKind = 'raw' | 'rpc';

/** What a module offers. A raw agent has no methods. */
export type ModuleFacts = {
  kind: AgentKind;
  methods: readonly string[];
  /** Absent if no method has options. */
  methodOptions?: MethodOptions;
};

/** By the name of the method. */
export type MethodOptions = Readonly<Record<string, MethodOption>>;

/** See MethodOption in src/handler.ts. */
export type MethodOption = { readonly timeoutMs?: number; readonly concurrency?: number };

/**
 * The number of a slot that holds a batch; or requests that are too long for a slot, whose bytes belong to the thread from
 * then on; or null, for which the thread only loads the module.
 */
export type Task = number | readonly LongTask[] | null;

/**
 * The request is a view of shared memory of its own; the reply may be written to that memory. The claim is shared too:
 * its first word is UNCLAIMED until a thread stores its id there and begins, or the main thread stores CANCELLED and no thread
 * begins. The others are the range of the reply, once it is there, and the peer.
 */
export type LongTask = {
  ticket: number;
  request: Uint8Array<SharedArrayBuffer>;
  claim: Int32Array<SharedArrayBuffer>;
  /** See RequestFacts. Absent without a deadline. */
  dueAt?: number;
};

const CLAIMANT = 0;
const FROM = 1;
const TO = 2;
const UID = 3;
const PID = 4;
const CLAIM_WORDS = 5;

export const UNCLAIMED = 0;
export const CLAIM_CANCELLED: number = -1;

/** Stores `claimant`, a thread id or CANCELLED, in an unclaimed request. Returns whether it was unclaimed. */
export function claimLong(claim: Int32Array<SharedArrayBuffer>, claimant: number): boolean {
  return Atomics.compareExchange(claim, CLAIMANT, UNCLAIMED, claimant) === UNCLAIMED;
}

/** @param peer who sends the request; undefined over TCP. */
export function newClaim(peer?: Peer): LongTask['claim'] {
  const claim = new Int32Array(new SharedArrayBuffer(4 * CLAIM_WORDS));
  claim[UID] = peer?.uid ?? NO_UID;
  claim[PID] = peer?.pid ?? NO_PID;
  return claim;
}

export function peerIn(claim: LongTask['claim']): Peer | undefined {
  return peerOf((claim[UID] as number) >>> 0, claim[PID] as number);
}

/** Worker: shows the main thread the reply before the result of the task arrives. */
export function showReply(claim: LongTask['claim'], { from, to }: ByteRange): void {
  claim[FROM] = from;
  // The last word: who sees it sees the reply. No reply ends at 0, since it has a header.
  Atomics.store(claim, TO, to);
}

/** The reply that a worker has shown. */
export function shownReply(claim: LongTask['claim']): ByteRange | undefined {
  const to = Atomics.load(claim, TO);
  return to === 0 ? undefined : { from: claim[FROM] as number, to };
}

/**
 * For a batch, its time in microseconds. The outcomes of its requests are in the slot, or come as late replies.
 */
export type TaskResult = number | LongResults;

/** In the order of the requests; the time is in microseconds. */
export type LongResults = { us: number; results: readonly LongResult[] };

/** The thread that has a long request, and the range of the reply if there is one already. */
export type LongResult = {
  thread: number;
  range: ByteRange | undefined;
  /** Whether the thread has left the request unclaimed, because too many requests are open in it, or too many replies wait. */
  isLeft?: boolean;
};

/** The range of a framed reply in the memory of its request. */
export type ByteRange = { from: number; to: number };

/** The outcome of one request. Without a reply, a range and a failure there is nothing to send: a notification. */
export type Outcome = {
  /** A whole frame for the caller. */
  reply?: Uint8Array | undefined;
  /** The range of the reply in the memory of a long request. */
  range?: ByteRange | undefined;
  /** The failure of a raw request. It has no frame: its connection closes. */
  failure?: PlainError;
};

/** An outcome that did not fit into its slot, or came after its batch. */
export type LateReply = Outcome & {
  /** The use of the slot, or the long request, that it belongs to. */
  ticket: number;
  /** The number of the frame in the batch. */
  index: number;
  /**
   * Set if the request goes on, and `reply` is not its outcome: a part of its stream, with the flow of the stream if it is the
   * first one, which may have no reply, or another notification.
   */
  stream?: Flow | 'open' | 'notice';
};

/** The message of a process that has loaded a module only to check it. */
export type Inspection = ((ModuleFacts & { forms?: MethodForms }) | { error: PlainError }) & { uses?: CheckedUses };

/** What the functions say of themselves, in the order of the methods. */
export type MethodForms = readonly MethodForm[];

export type MethodForm = {
  /** How many parameters it has, up to the first with a default value: its `length`. */
  arity: number;
  /** Of a method that checks its arguments by schemas of its own. */
  schemas?: readonly OwnSchema[];
};

/** What a module looked for while it was checked. */
export type CheckedUses = {
  /** Paths that are not there, or are outside of the checked version. Relative ones are as the code gives them. */
  paths: string[];
  /** Imports that were not resolved. */
  imports: { specifier: string; folder: string }[];
};

export type FilesMessage = { launchpool: 'files' } & FileReport;

/** A message of a thread to the main thread, beside the results of its tasks. */
export type ThreadMessage =
  /** The module is imported; its `setup` may still run. */
  | { launchpool: 'imported'; moduleUrl: string; facts: ModuleFacts; snapshot: Snapshot | undefined }
  /** The thread can serve requests. Sent before any handler can harm the thread. */
  | { launchpool: 'loaded'; snapshot: Snapshot | undefined; tearsDown: boolean }
  /** The module's `teardown` has ended: the thread may be terminated. */
  | { launchpool: 'torn-down'; error: PlainError | undefined }
  /** The module cannot be loaded. The thread waits for the message that lets it answer its requests with this error. */
  | { launchpool: 'not-loaded'; error: PlainError }
  | FilesMessage
  /** A line of the module for the agent's log. */
  | LogMessage
  /** The replies take this credit of the thread; see reply-account.ts. */
  | { launchpool: 'late-replies'; outcomes: LateReply[]; units: number }
  /** The account of the thread's late replies. Sent before its first task. */
  | { launchpool: 'account'; account: ReplyAccount }
  | InspectorMessage
  /** The thread begins requests again, after too many replies had waited in it. */
  | { launchpool: 'room' };

/** The request is cancelled for this reason. */
export type CancelMessage = { launchpool: 'cancel'; ticket: number; index: number; error: PlainError };

/** Values of a parameter of a request, or their end: the payload of a frame. */
export type ItemsMessage = { launchpool: 'items'; ticket: number; index: number; payload: Uint8Array<ArrayBuffer> };

/** A message of the main thread to a thread, beside its tasks, by postMessageToThread(). */
export type MainMessage =
  | CancelMessage
  | ItemsMessage
  /** The thread has credit for waiting replies. */
  | { launchpool: 'credit' }
  /** No thread can load the module: the thread answers its requests with the error that it has reported. */
  | { launchpool: 'answer-with-error' }
  /** The thread is about to end, and has no requests: it runs the module's `teardown`. */
  | { launchpool: 'tear-down' }
  /** Needs no reaction: that the event loop takes it is the answer. */
  | { launchpool: 'probe' };
