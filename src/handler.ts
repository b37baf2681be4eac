/**
 * `launchpool/handler`: what a handler can ask about its request, and tell its caller. The functions belong to the request
 * whose code calls them, also after an `await` and in a timer. They also work outside of an agent, for tests of handlers.
 */
import '../wire/node-version.ts';

export { checked, type StandardSchema } from './checked-arguments.ts';

/** The user and the process that have connected. */
export type Peer = {
  /** The user id. */
  uid: number;
  /** The process id, where the system tells. The process may have exited since, and its id may be another one's. */
  pid?: number;
};

/** Writes a line: text, with values for `%s`, `%d`, `%i`, `%f`, `%j`, `%o` and `%O`; or fields, or an error, and then text. */
export type LogLine = (
  ...line: [fields: object, text?: string, ...values: unknown[]] | [text: string, ...values: unknown[]]
) => void;

/** A trace, as W3C Trace Context (https://www.w3.org/TR/trace-context-1/) writes it. */
export type TraceContext = {
  /** `00-<trace id>-<parent id>-<flags>` */
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
};

export type HandlerLog = Readonly<Record<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal', LogLine>>;

/** What limits the requests to one method. */
export type MethodOption = {
  /**
   * How many milliseconds after its arrival a request has its reply, or an error as by the `timeoutMs` of a caller, whose own
   * counts if it is shorter. More than 0, less than 2^31.
   * @default no limit but the agent's own
   */
  readonly timeoutMs?: number;
  /**
   * How many requests run at once, over all threads of the agent; further ones wait in their order. A whole number from 1.
   * @default no limit but the agent's own
   */
  readonly concurrency?: number;
};

/** Exports that are no methods. */
type OtherExport = 'default' | 'then' | 'setup' | 'teardown' | 'longMessages' | 'options';

/**
 * The export `options` of a module, by the names of its methods: `{ slow: { timeoutMs: 5000, concurrency: 2 } }`. Behind it,
 * `satisfies MethodOptions<…>` checks the names, with the type of the module itself: README shows it.
 * @typeParam Module the module; without it, every name is accepted here, and the agent refuses the unknown ones.
 */
export type MethodOptions<Module = Record<string, unknown>> = {
  readonly [Name in Exclude<keyof Module, OtherExport>]?: MethodOption;
};

/** workers/handler-host.ts. Modules are bundled, and share only the global object with the agent. */
type Host = {
  attach(): void;
  signal(): AbortSignal;
  id(): string | number | null | undefined;
  deadline(): number | undefined;
  peer(): Peer | undefined;
  trace(): TraceContext | undefined;
  log(level: keyof HandlerLog, args: readonly unknown[]): void;
  progress(done: number, total?: number, text?: string): void;
};

const host = (globalThis as Record<symbol, unknown>)[Symbol.for('launchpool.handler')] as Host | undefined;
host?.attach();

/**
 * Returns the signal of the running request. It fires when the caller cancels the request or disconnects, when the
 * request's timeout expires, and when the agent shuts down. Its reason is a LaunchpoolError. A handler that goes on
 * after `--cancel-grace` is orphaned: see docs/protocol.md. If it blocks its thread, the thread is replaced.
 *
 * Outside of an agent, and after the request has its outcome, the signal never fires.
 * @throws Error in an agent, in code that belongs to no request, such as `setup`
 */
export function requestSignal(): AbortSignal {
  return host === undefined ? new AbortController().signal : host.signal();
}

/**
 * Returns by when the caller wants its reply, in milliseconds since the epoch, as `Date.now()` counts them; undefined without
 * a timeout of the caller, for a raw agent, and outside of a request.
 */
export function deadline(): number | undefined {
  return host?.deadline();
}

/**
 * Returns the id of the request, which only its connection knows as its own; undefined for a notification, for a raw agent,
 * and outside of a request.
 */
export function requestId(): string | number | null | undefined {
  return host?.id();
}

/** Returns who has connected; undefined over TCP, and outside of a request. */
export function peer(): Peer | undefined {
  return host?.peer();
}

/**
 * Returns the trace that the request belongs to: what its caller has sent as `traceparent` and `tracestate`, or the span that a
 * subscriber of the tracing channel has started for the request (docs/tracing.md). Undefined without a trace, for a raw agent,
 * and outside of a request. `launchpool/client` hands it on by itself.
 */
export function traceContext(): TraceContext | undefined {
  return host?.trace();
}

/**
 * Tells a caller that asks for it how far the request is: at most 20 times a second, the last report always, and none after
 * the response.
 * @param done how much is done, in any unit.
 * @param total how much there is to do, if that is known.
 * @param text what is being done, for people.
 * @throws TypeError for values that are not finite numbers, or not text
 */
export function progress(done: number, total?: number, text?: string): void {
  host?.progress(done, total, text);
}

/**
 * The agent's own log, with the request id, the method and the trace id of a request in each line; outside of an agent, the
 * console. A line beyond `--log-level` is not written. Lines that the agent cannot take in time are dropped, and counted in
 * the next line.
 */
export const log: HandlerLog = {
  trace: (...line) => write('trace', line),
  debug: (...line) => write('debug', line),
  info: (...line) => write('info', line),
  warn: (...line) => write('warn', line),
  error: (...line) => write('error', line),
  fatal: (...line) => write('fatal', line),
};

function write(level: keyof HandlerLog, line: readonly unknown[]): void {
  if (host === undefined) console[level === 'fatal' ? 'error' : level](...line);
  else host.log(level, line);
}
