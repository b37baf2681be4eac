/** What is stored of a task: the call, its outcome, and the dead letter. Each is an object of JSON. */

/** For the headers of a message, which count too. */
const HEADER_BYTES = 1_024;
/** Characters of the message of an error that has to be shortened. */
const SHORT = 1_000;

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
  /** Left out, with their length in `paramsBytes`, where the letter would be too long for the NATS server. */
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

/** @param room of a message, in bytes. What would be longer is left out of the error. */
export function errorBody(id: string, deliveries: number, error: TaskError, room: number): Buffer {
  const of = (shown: TaskError): Buffer =>
    Buffer.from(JSON.stringify({ id, outcome: 'error', deliveries, error: shown }));
  const whole = of(error);
  return whole.length <= room ? whole : of(shortened(error));
}

/** @param room of a message, in bytes. */
export function deadLetter(
  id: string,
  deliveries: number,
  task: TaskBody | undefined,
  error: TaskError,
  room: number,
): Buffer {
  const { method = null, params = [] } = task ?? {};
  const letter: DeadLetterBody = { id, method, params, error, deliveries };
  const whole = Buffer.from(JSON.stringify(letter));
  if (whole.length <= room) return whole;
  const paramsBytes = Buffer.byteLength(JSON.stringify(params));
  return Buffer.from(JSON.stringify({ id, method, paramsBytes, error: shortened(error), deliveries }));
}

function shortened({ code, message, data }: TaskError): TaskError {
  const own = Object(data) as { code?: unknown };
  const name = typeof own.code === 'string' ? { data: { code: own.code } } : {};
  return { code, message: message.slice(0, SHORT), ...name };
}

function parse(bytes: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
