/** Messages of JSON-RPC 2.0 as MCP restricts them: ids are text or whole numbers, params are objects, there are no batches. */

export type RequestId = string | number;

export type Params = Readonly<Record<string, unknown>>;

export type Request = { id: RequestId; method: string; params: Params };

export type Incoming =
  | ({ kind: 'request' } & Request)
  | { kind: 'notification'; method: string; params: Params }
  /** A response, or a notification that cannot be read: neither has an answer. */
  | { kind: 'ignored' }
  /** Has an error as its answer; without an id, if that could not be read. */
  | { kind: 'invalid'; id: RequestId | undefined; fault: Fault };

/** The codes of errors. The server must not send launchpool's own: MCP reserves them, or leaves them to earlier servers. */
export const RPC_CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  unsupportedVersion: -32022,
} as const;

/** What becomes an error response. */
export class Fault extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: keyof typeof RPC_CODES, message: string, data?: unknown) {
    super(message);
    this.code = RPC_CODES[code];
    this.data = data;
  }
}

export function readMessage(line: Buffer): Incoming {
  const text = line.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return text.trim() === '' ? { kind: 'ignored' } : invalid('parse', `not JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(value)) return invalid('invalidRequest', 'MCP has no batches: send one message a line');
  if (!isObject(value)) return invalid('invalidRequest', 'a message is a JSON object');
  return messageOf(value);
}

function messageOf({ jsonrpc, id, method, params, ...rest }: Params): Incoming {
  const isRequest = id !== undefined;
  if (method === undefined && isRequest && ('result' in rest || 'error' in rest)) return { kind: 'ignored' };
  if (isRequest && !isRequestId(id)) return invalid('invalidRequest', 'the id is neither text nor a whole number');
  const reject = (code: keyof typeof RPC_CODES, message: string): Incoming =>
    isRequest ? invalid(code, message, id) : { kind: 'ignored' };
  if (jsonrpc !== '2.0') return reject('invalidRequest', 'the member "jsonrpc" is not "2.0"');
  if (typeof method !== 'string') return reject('invalidRequest', 'the member "method" is not text');
  if (params !== undefined && !isObject(params)) return reject('invalidParams', 'the params are not an object');
  if (!isRequest) return { kind: 'notification', method, params: params ?? {} };
  return { kind: 'request', id, method, params: params ?? {} };
}

function invalid(code: keyof typeof RPC_CODES, message: string, id?: RequestId): Incoming {
  return { kind: 'invalid', id, fault: new Fault(code, message) };
}

export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' || Number.isInteger(value);
}

export function isObject(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function resultMessage(id: RequestId, result: object): object {
  return { jsonrpc: '2.0', id, result };
}

export function errorMessage(id: RequestId | undefined, { code, message, data }: Fault): object {
  return {
    jsonrpc: '2.0',
    ...(id !== undefined && { id }),
    error: { code, message, ...(data !== undefined && { data }) },
  };
}

export function notificationMessage(method: string, params?: Params): object {
  return { jsonrpc: '2.0', method, ...(params && { params }) };
}
