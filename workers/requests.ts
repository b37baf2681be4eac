/** The requests that this thread runs: their signals, by which they are cancelled, and their contexts. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { fromPlain, type PlainError } from '../wire/errors.ts';
import type { RpcRequest } from '../wire/json-rpc.ts';
import type { TraceContext } from '../wire/trace-context.ts';
import type { Progress } from './progress.ts';
import type { Peer, RequestFacts } from './request-facts.ts';

/**
 * Key of the function that returns the signal of the running request. Modules are bundled, and share only the global
 * object with this program. See src/handler.ts.
 */
const SIGNAL_KEY: unique symbol = Symbol.for('launchpool.requestSignal') as never;

const MAX_CANCELLED = 10_000;

/** Identifies a request on this thread: the use of a slot, or a long request, and its number there. */
export type RequestKey = { readonly ticket: number; readonly index: number };

/** What the code of a request can ask about it, also after an `await`. */
export type RequestContext = {
  readonly key: RequestKey;
  /** Undefined for a message of a raw agent. */
  readonly request: RpcRequest | undefined;
  /** By when it must have an outcome, in milliseconds since the epoch. */
  readonly dueAt: number | undefined;
  readonly peer: Peer | undefined;
  /** The trace that it belongs to: that of its caller, or what a subscriber of the tracing channel has made of it. */
  trace: TraceContext | undefined;
  /** Undefined if its caller does not ask for progress. */
  progress: Progress | undefined;
  /** Whether it has an outcome. */
  isOver: boolean;
};

export type Requests = {
  /** Code that runs from now on, until leave(), belongs to this request, and can ask for its signal. */
  enter(ticket: number, index: number, facts?: RequestFacts): void;
  leave(): void;
  /** The request that code belongs to at present. */
  present(): RequestKey;
  /** The request whose code runs, until leave(): before its first await. */
  running: RpcRequest | undefined;
  /** Whether every request has a context, because the module asks for them. A request with a trace always has one. */
  readonly hasContexts: boolean;
  /** Every request has a context from now on. */
  keepContexts(): void;
  /** Each request to these methods has a deadline, also if its caller gives none. */
  setTimed(methods: ReadonlySet<string> | undefined): void;
  /** The context of the code that calls this. */
  context(): RequestContext | undefined;
  /** A context for the present request. */
  newContext(request: RpcRequest | undefined): RequestContext;
  /** Runs code, and what it awaits, in a context. */
  runIn<Result>(context: RequestContext, call: () => Result): Result;
  /** The signal of the request that the calling code belongs to. @throws Error without such a request */
  signal(): AbortSignal;
  /** Calls `stop` when the request is cancelled, after its signal has fired; at once if it is. */
  onCancel(key: RequestKey, stop: () => void): void;
  /** Why the request is cancelled; undefined if it is not. */
  reasonOf(key: RequestKey): PlainError | undefined;
  /** The request has an outcome. */
  done(ticket: number, index: number): void;
  /** Aborts the signal of a request, if the request has asked for it, and ends its streams. */
  cancel(ticket: number, index: number, error: PlainError): void;
};

/** @param home the object on which the module finds the function. */
export function createRequests(home: Record<symbol, unknown> = globalThis as never): Requests {
  const controllers = new Map<string, AbortController>();
  const stops = new Map<string, (() => void)[]>();
  /** Requests that were cancelled and have no outcome yet: a stream of theirs may start later. */
  const cancelled = new Map<string, PlainError>();
  let storage: AsyncLocalStorage<RequestContext> | undefined;
  let timed: ReadonlySet<string> | undefined;
  let currentTicket: number | undefined;
  let currentIndex = 0;
  let currentFacts: RequestFacts | undefined;

  function signal(): AbortSignal {
    const context = storage?.getStore();
    if (context?.isOver) return new AbortController().signal;
    const key = context?.key ?? (currentTicket === undefined ? undefined : present());
    if (key === undefined) {
      throw new Error('no request is running: the signal of a request is available before its first await');
    }
    const text = keyOf(key.ticket, key.index);
    const known = controllers.get(text);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    controllers.set(text, controller);
    return controller.signal;
  }
  home[SIGNAL_KEY] = signal;

  /** Without a deadline, the memory of it may be that of an earlier request. */
  function isTimed(request: RpcRequest | undefined): boolean {
    return request !== undefined && (request.asks?.timeoutMs !== undefined || timed?.has(request.method) === true);
  }

  function present(): RequestKey {
    return { ticket: currentTicket ?? 0, index: currentIndex };
  }

  const requests = {
    // Properties, not getters and setters: they are used for each request.
    running: undefined as RpcRequest | undefined,
    hasContexts: false,
    enter(ticket: number, index: number, facts?: RequestFacts): void {
      currentTicket = ticket;
      currentIndex = index;
      currentFacts = facts;
    },
    leave(): void {
      currentTicket = undefined;
      requests.running = undefined;
    },
    present,
    keepContexts(): void {
      storage ??= new AsyncLocalStorage();
      requests.hasContexts = true;
    },
    setTimed(methods: ReadonlySet<string> | undefined): void {
      timed = methods;
    },
    context: () => storage?.getStore(),
    newContext(request: RpcRequest | undefined): RequestContext {
      return {
        key: present(),
        request,
        dueAt: isTimed(request) ? currentFacts?.dueAt(currentIndex) : undefined,
        peer: currentFacts?.peer(currentIndex),
        trace: request?.asks?.trace,
        progress: undefined,
        isOver: false,
      };
    },
    runIn<Result>(context: RequestContext, call: () => Result): Result {
      storage ??= new AsyncLocalStorage();
      return storage.run(context, call);
    },
    signal,
    onCancel({ ticket, index }: RequestKey, stop: () => void): void {
      const key = keyOf(ticket, index);
      stops.set(key, [...(stops.get(key) ?? []), stop]);
      if (cancelled.has(key)) stop();
    },
    reasonOf: ({ ticket, index }: RequestKey) => cancelled.get(keyOf(ticket, index)),
    done(ticket: number, index: number): void {
      if (controllers.size > 0) controllers.delete(keyOf(ticket, index));
      if (stops.size > 0) stops.delete(keyOf(ticket, index));
      if (cancelled.size > 0) cancelled.delete(keyOf(ticket, index));
    },
    cancel(ticket: number, index: number, error: PlainError): void {
      const key = keyOf(ticket, index);
      controllers.get(key)?.abort(fromPlain(error));
      for (const stop of stops.get(key) ?? []) stop();
      cancelled.set(key, error);
      // A message that is later than the outcome is never taken back by done().
      if (cancelled.size > MAX_CANCELLED) cancelled.delete(cancelled.keys().next().value as string);
    },
  };
  return requests;
}

/** The key of a request in a map. */
export function keyOf(ticket: number, index: number): string {
  return `${ticket}.${index}`;
}
