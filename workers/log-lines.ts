/** Lines that a module writes to the agent's log, on their way to the main thread. */
import { format } from 'node:util';
import { idLabel } from '../wire/id-text.ts';
import type { RpcRequest } from '../wire/json-rpc.ts';
import { toJsonMembers } from '../wire/json-value.ts';
import { toPlain } from '../wire/plain-error.ts';
import { type TraceContext, traceIdOf } from '../wire/trace-context.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Lines of a thread that the main thread has not taken; further lines are dropped and counted. */
const MAX_PENDING = 1_000;
/** What the fields of a line have, in characters of JSON. */
const MAX_CHARACTERS = 16 * 1024;

/** How many lines are on their way: written by both sides. */
export type LogAccount = Int32Array<SharedArrayBuffer>;

export type LogMessage = {
  launchpool: 'log';
  level: LogLevel;
  text: string;
  fields: object;
  account: LogAccount;
};

/** What a line says of the request that it belongs to: its method, its id as text, and its trace. */
export type LineFacts = { method: string; request?: string; traceId?: string };

export function factsOfRequest(
  { method, id }: Pick<RpcRequest, 'method' | 'id'>,
  trace: TraceContext | undefined,
): LineFacts {
  return {
    method,
    ...(id !== undefined && { request: idLabel(id) }),
    ...(trace !== undefined && { traceId: traceIdOf(trace) }),
  };
}

/** Main thread: a line has arrived. */
export function noteLine(account: LogAccount): void {
  Atomics.sub(account, 0, 1);
}

/** Writes a line of the module. @param facts are its first fields. */
export type WriteLine = (level: LogLevel, args: readonly unknown[], facts: object) => void;

/**
 * @returns a function that sends a line. Its arguments are those of pino: an object or an error first, if there is one, then
 *   text with its values.
 */
export function createLogLines(send: (message: LogMessage) => void): WriteLine {
  const account: LogAccount = new Int32Array(new SharedArrayBuffer(4));
  let dropped = 0;

  return (level, args, facts) => {
    if (Atomics.load(account, 0) >= MAX_PENDING) {
      dropped += 1;
      return;
    }
    const [first, ...rest] = args;
    const isObject = typeof first === 'object' && first !== null;
    const message = isObject ? rest : args;
    const own = !isObject ? {} : first instanceof Error ? { err: toPlain(first, { stack: true }) } : first;
    const fields = {
      ...facts,
      ...toJsonMembers(own, { characters: MAX_CHARACTERS }, () => false),
      ...(dropped > 0 && { dropped }),
    };
    const text = message.length === 0 ? errorText(first) : format(...message);
    dropped = 0;
    Atomics.add(account, 0, 1);
    send({ launchpool: 'log', level, text: text.slice(0, MAX_CHARACTERS), fields, account });
  };
}

/** As pino, which logs the message of an error that stands alone. */
function errorText(first: unknown): string {
  return first instanceof Error ? first.message : '';
}
