/** What `launchpool/handler` asks of the thread: it is bundled with the module, and shares only the global object. */
import { idValue } from '../wire/id-text.ts';
import { encodeMessage } from '../wire/response.ts';
import type { TraceContext } from '../wire/trace-context.ts';
import type { LateReplies } from './late-replies.ts';
import { factsOfRequest, type LogLevel, type WriteLine } from './log-lines.ts';
import { Progress } from './progress.ts';
import type { Peer } from './request-facts.ts';
import type { RequestContext, Requests } from './requests.ts';

const HOST_KEY: unique symbol = Symbol.for('launchpool.handler') as never;

/** See src/handler.ts for the meaning of each function. */
export type HandlerHost = {
  /** The module has loaded `launchpool/handler`. */
  attach(): void;
  signal(): AbortSignal;
  id(): string | number | null | undefined;
  deadline(): number | undefined;
  peer(): Peer | undefined;
  /** Also for src/client/. */
  trace(): TraceContext | undefined;
  log(level: LogLevel, args: readonly unknown[]): void;
  progress(done: number, total?: number, text?: string): void;
};

export type HandlerHostOptions = {
  requests: Requests;
  lateReplies: Pick<LateReplies, 'add' | 'sendNow'>;
  /** Writes lines to the agent's log. */
  log: WriteLine;
};

export function offerHandlerHost(
  { requests, lateReplies, log }: HandlerHostOptions,
  home: Record<symbol, unknown> = globalThis as never,
): void {
  function progressOf(context: RequestContext): Progress | undefined {
    const { request, key } = context;
    if (context.isOver || request?.asks?.progress !== true || request.id === undefined) return undefined;
    context.progress ??= new Progress(request.id, (notification) => {
      lateReplies.add({ ...key, reply: encodeMessage(notification), stream: 'notice' });
      // The handler may block its thread.
      lateReplies.sendNow();
    });
    return context.progress;
  }

  const host: HandlerHost = {
    attach: requests.keepContexts,
    signal: requests.signal,
    id() {
      const id = requests.context()?.request?.id;
      return id === undefined ? undefined : idValue(id);
    },
    deadline: () => requests.context()?.dueAt,
    peer: () => requests.context()?.peer,
    trace: () => requests.context()?.trace,
    log(level, args) {
      const { request, trace } = requests.context() ?? {};
      log(level, args, request === undefined ? {} : factsOfRequest(request, trace));
    },
    progress(done, total, text) {
      const context = requests.context();
      if (context !== undefined) progressOf(context)?.report(done, total, text);
    },
  };
  home[HOST_KEY] = host;
}
