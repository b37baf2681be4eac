/** What is stored of a task: the call, its outcome, and the dead letter. Each is an object of JSON. */

/** For the headers of a message, which count too. */
const HEADER_BYTES = 1_024;
/** Bytes of a text that has to be shortened, and of one that is in the shortest form. */
const SHORT = 1_000;
const SHORTEST = 100;
/** The outcome of a failed task, and a dead letter, can be made to fit into as many bytes, whatever the task is. */
export const MIN_ROOM = 600;

/** The length of a body. @param maxPayload of the NATS server. */
export function roomIn(maxPayload: number): number {
  return maxPayload - HEADER_BYTES;
}

/** The body of a task. A client of any language can publish it. */
export type TaskBody = {
  method: string;
  /** @default none */
  params?: unknown;
  /** How long each run may take, as for a request. */
  timeoutMs?: number;
  traceparent?: string;
  tracestate?: string;
};

/** The error object of JSON-RPC. */
export type TaskError = { code: number; message: string; data?: unknown };

/** `deliveries` is the number of times that the task was given to an instance. */
export type OutcomeBody = { id: string; deliveries: number } & (
  | { outcome: 'result'; result: unknown }
  | { outcome: 'error'; error: TaskError }
);

export type DeadLetterBody = {
  id: string;
  /** Null for a task whose body is no call. */
  method: string | null;
  /** Left out, with their length in `paramsBytes`, where the letter would be too long for the NATS server. Texts then end with `…`. */
  params?: unknown;
  paramsBytes?: number;
  error: TaskError;
  deliveries: number;
};

/** Undefined for bytes that are no task. */
export function parseTask(bytes: Uint8Array): TaskBody | undefined {
  const task = parse(bytes) as Partial<TaskBody> | undefined;
  if (typeof task?.method !== 'string') return undefined;
  const { method, params, timeoutMs, traceparent, tracestate } = task;
  return {
    method,
    ...(params !== undefined && { params }),
    ...(typeof timeoutMs === 'number' && timeoutMs > 0 && { timeoutMs }),
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof tracestate === 'string' && { tracestate }),
  };
}

/** Undefined for bytes that are no outcome. */
export function parseOutcome(bytes: Uint8Array): OutcomeBody | undefined {
  const body = parse(bytes) as Partial<OutcomeBody> | undefined;
  return body?.outcome === 'result' || body?.outcome === 'error' ? (body as OutcomeBody) : undefined;
}

/** @param result the JSON text of the result, which is not parsed. */
export function resultBody(id: string, deliveries: number, result: Uint8Array): Buffer {
  const start = JSON.stringify({ id, outcome: 'result', deliveries }).slice(0, -1);
  return Buffer.concat([Buffer.from(`${start},"result":`), result, Buffer.from('}')]);
}

/** @param room of a message, in bytes: MIN_ROOM or more. What would be longer is left out of the error. */
export function errorBody(id: string, deliveries: number, error: TaskError, room: number): Buffer {
  const of = (shown: TaskError) => ({ id, outcome: 'error', deliveries, error: shown });
  return firstThatFits(room, [
    () => of(error),
    () => of(shortened(error, SHORT)),
    () => of(shortened(error, SHORTEST)),
  ]);
}

/** @param room of a message, in bytes: MIN_ROOM or more. */
export function deadLetter(
  id: string,
  deliveries: number,
  task: TaskBody | undefined,
  error: TaskError,
  room: number,
): Buffer {
  const { method = null, params = [] } = task ?? {};
  const letter: DeadLetterBody = { id, method, params, error, deliveries };
  const short = (bytes: number) => ({
    ...{ id, method: method === null ? null : cut(method, bytes) },
    ...{ paramsBytes: bytesOf(params), error: shortened(error, bytes), deliveries },
  });
  return firstThatFits(room, [() => letter, () => short(SHORT), () => short(SHORTEST)]);
}

/** The beginning of a text that takes at most this many bytes in JSON; `…` stands for the rest. */
export function cut(text: string, bytes: number): string {
  const rest = '…';
  let used = 0;
  let end = 0;
  // The place where the rest would stand, should the text be longer.
  let cutAt = 0;
  for (const character of text) {
    used += Buffer.byteLength(JSON.stringify(character)) - 2;
    if (used > bytes) return text.slice(0, cutAt) + rest;
    end += character.length;
    if (used <= bytes - Buffer.byteLength(rest)) cutAt = end;
  }
  return text;
}

function shortened({ code, message, data }: TaskError, bytes: number): TaskError {
  const own = Object(data) as { code?: unknown };
  const name = typeof own.code === 'string' ? { data: { code: cut(own.code, bytes) } } : {};
  return { code, message: cut(message, bytes), ...name };
}

/** The JSON of the first form that is short enough, otherwise of the last one. */
function firstThatFits(room: number, forms: readonly (() => object)[]): Buffer {
  let body = Buffer.alloc(0);
  for (const form of forms) {
    const text = stringify(form());
    if (text === undefined) continue;
    body = Buffer.from(text);
    if (body.length <= room) break;
  }
  return body;
}

function bytesOf(params: unknown): number | undefined {
  const text = stringify(params);
  return text === undefined ? undefined : Buffer.byteLength(text);
}

/** Undefined for what is nested so deeply that JSON.stringify() of an older Node has no stack for it. */
export function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function parse(bytes: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
