/** The contract between the pool and a worker thread: what goes in, what comes out. Types only. */
import type { PlainError } from '../wire/errors.ts';

/** What a thread is told once, when it starts. */
export type ThreadOptions = {
  /** URL of the agent's module. */
  moduleUrl: string;
  /** Whether errors carry their stacks to the caller. */
  exposeStacks: boolean;
  /** Whether the thread reports the files it loads, so that they can be watched. */
  reportFiles: boolean;
};

/** One request; its bytes belong to the thread from then on. Without one, the module is only loaded. */
export type Task = { request?: Uint8Array };

export type AgentKind = 'raw' | 'rpc';

/**
 * What became of a request:
 * - `reply`: a whole frame for the caller, or undefined for a notification, which is not answered;
 * - `failure`: a raw request that failed. There is no frame for that, so its connection closes;
 * - `broken`: set beside the reply when the module itself cannot be loaded.
 *
 * The kind tells how replies are ordered: raw ones by position, RPC ones by id.
 */
export type Outcome = {
  kind: AgentKind;
  reply?: Uint8Array | undefined;
  failure?: PlainError;
  broken?: PlainError;
};

/** What a thread says outside of its tasks. */
export type ThreadMessage =
  /** The module is loaded, and of this kind. Comes before anything its handlers could do to the thread. */
  | { launchpool: 'kind'; kind: AgentKind }
  /** These files have been loaded. */
  | { launchpool: 'files'; files: string[] };
