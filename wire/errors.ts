/** The one error class, the table of its codes, and the plain form in which errors cross threads and sockets. */

type ErrorFacts = {
  /** What has happened, for docs/errors.md. */
  readonly meaning: string;
  /** Whether the same call may succeed if it is made again later. */
  readonly retryable: boolean;
  /** Exit status of a command that ends with this error; the numbers are those of sysexits(3). */
  readonly exit: number;
  /** The `code` of a JSON-RPC error object, where the error travels as one. */
  readonly rpc?: number;
};

const facts = (meaning: string, exit: number, rpc?: number, retryable = false): ErrorFacts => ({
  meaning,
  exit,
  retryable,
  ...(rpc === undefined ? {} : { rpc }),
});

/** Every code launchpool gives an error. Codes are stable: match them, not the messages. */
export const ERROR_CODES = {
  ERR_LAUNCHPOOL_FRAME_TOO_LARGE: facts('A frame announces more bytes than the maximum.', 65, -32600),
  ERR_LAUNCHPOOL_FRAME_INVALID: facts('A frame header is not one of this protocol (a negative length).', 65, -32700),
  ERR_LAUNCHPOOL_FRAME_TRUNCATED: facts('A connection ended in the middle of a frame.', 65),

  ERR_LAUNCHPOOL_AUTH_REQUIRED: facts('The other side asks for an authkey and none was given.', 77),
  ERR_LAUNCHPOOL_AUTH_FAILED: facts('The authkeys differ, or the other side does not speak the handshake.', 77),
  ERR_LAUNCHPOOL_AUTH_TIMEOUT: facts(
    'The authkey handshake did not finish in time; often only one side has a key.',
    77,
  ),
  ERR_LAUNCHPOOL_AUTH_DIGEST: facts('The other side offers only a digest that is not allowed here.', 77),

  ERR_LAUNCHPOOL_PARSE: facts('A request is not JSON.', 65, -32700),
  ERR_LAUNCHPOOL_PICKLE: facts(
    'A request is a Python pickle: send() was used where send_bytes() is meant.',
    65,
    -32700,
  ),
  ERR_LAUNCHPOOL_ENCODING: facts('A request is in an encoding that this version does not read.', 65, -32700),
  ERR_LAUNCHPOOL_REQUEST_INVALID: facts('A request is JSON, but not a JSON-RPC 2.0 request.', 65, -32600),
  ERR_LAUNCHPOOL_METHOD_NOT_FOUND: facts('The agent has no method of that name.', 64, -32601),
  ERR_LAUNCHPOOL_PARAMS_INVALID: facts(
    'The params are neither an array nor an object, or have no form in JSON.',
    65,
    -32602,
  ),
  ERR_LAUNCHPOOL_HANDLER: facts('The handler threw something that has no code of its own.', 1, -32000),
  ERR_LAUNCHPOOL_RESULT_INVALID: facts('The handler returned what cannot be sent.', 70, -32603),
  ERR_LAUNCHPOOL_HANDLER_EXITED: facts('The handler called process.exit().', 70, -32603),
  ERR_LAUNCHPOOL_THREAD_EXITED: facts('The worker thread ended before the request was answered.', 70, -32603),
  ERR_LAUNCHPOOL_BUSY: facts(
    'The agent has as much to do as it may; `data.retryAfterMs` says when to ask again.',
    75,
    -32002,
    true,
  ),
  ERR_LAUNCHPOOL_QUEUE_TIMEOUT: facts(
    'The time of the request was over before it was begun: it has not been run.',
    75,
    -32003,
    true,
  ),
  ERR_LAUNCHPOOL_RUN_TIMEOUT: facts('The time of the request was over while it ran.', 75, -32003),
  ERR_LAUNCHPOOL_CANCELLED: facts(
    'The caller has cancelled the request or hung up, or the agent had to leave.',
    75,
    -32800,
  ),
  ERR_LAUNCHPOOL_PEER_REFUSED: facts('The user on the other side of the socket may not speak to this agent.', 77),
  ERR_LAUNCHPOOL_SOCKET_UNSAFE: facts('The socket can be reached by others than those who may speak.', 78, -32001),
  ERR_LAUNCHPOOL_RELOAD_FAILED: facts('The module cannot be swapped for the new one; the old one goes on.', 66, -32001),
  ERR_LAUNCHPOOL_REPLY_INVALID: facts('A reply is not a JSON-RPC 2.0 response.', 76),

  ERR_LAUNCHPOOL_MODULE_NOT_LOADED: facts("The agent's module cannot be loaded.", 66, -32001),
  ERR_LAUNCHPOOL_MODULE_NO_EXPORTS: facts("The agent's module exports no function.", 66, -32001),
  ERR_LAUNCHPOOL_MODULE_BOTH_KINDS: facts("The agent's module has a default export and named ones.", 66, -32001),

  ERR_LAUNCHPOOL_NOT_SUPERVISED: facts('`run` was started by hand: no supervisor has handed it a socket.', 64),
  ERR_LAUNCHPOOL_SUPERVISOR_INVALID: facts('The supervisor handed over something that is not usable.', 78),
  ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME: facts('launchd knows no socket of that name for this job (ENOENT).', 78),
  ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED: facts('launchd does not manage this process (ESRCH).', 64),
  ERR_LAUNCHPOOL_CHECK_IN_REPEATED: facts('The socket has been handed out already (EALREADY).', 70),
  ERR_LAUNCHPOOL_CHECK_IN_FAILED: facts('launchd refused the check-in for another reason.', 71),
  ERR_LAUNCHPOOL_CHECK_IN_LIBRARY: facts('The library that launchd check-in needs cannot be loaded.', 71),

  ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE: facts('There is no launchd session or systemd user manager to be asked.', 69),
  ERR_LAUNCHPOOL_SUPERVISOR_FAILED: facts('launchctl or systemctl refused what it was asked for.', 71),
  ERR_LAUNCHPOOL_JOB_INVALID: facts('What is to be installed makes no valid plist or unit.', 78),
  ERR_LAUNCHPOOL_NODE_UNFIT: facts('The Node to be recorded is too old, does not run, or will not stay.', 78),
  ERR_LAUNCHPOOL_INSTALL_FAILED: facts('A step of an installation failed; all is as it was before.', 73),
  ERR_LAUNCHPOOL_NOT_INSTALLED: facts('No agent is installed under that label.', 66),
  ERR_LAUNCHPOOL_NOT_READY: facts('The installed agent does not answer, or not as what was installed.', 70),

  ERR_LAUNCHPOOL_ADDRESS_INVALID: facts('A label or a socket path is not usable.', 64),
  ERR_LAUNCHPOOL_SOCKET_IN_USE: facts('Someone answers at the socket path already.', 73),
  ERR_LAUNCHPOOL_SOCKET_FAILED: facts('The socket cannot be bound.', 73),
  ERR_LAUNCHPOOL_OPTION_INVALID: facts('An option has a value that is not allowed.', 64),

  ERR_LAUNCHPOOL_CONNECT_FAILED: facts('Nobody could be reached at the socket.', 69, undefined, true),
  ERR_LAUNCHPOOL_CONNECTION_CLOSED: facts('The connection closed before the reply came.', 69, undefined, true),
  ERR_LAUNCHPOOL_CALL_TIMEOUT: facts('No reply came within the time the caller gave.', 75, undefined, true),
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

export type ErrorDetails = {
  /** What to do about it, as one sentence. */
  hint?: string | undefined;
  /** What lies behind it. */
  cause?: unknown;
  /** Values for a program to read. */
  data?: unknown;
};

/**
 * The error that launchpool throws, rejects with and sends.
 *
 * `code` is stable. An error that a handler threw arrives at the caller as a LaunchpoolError with the handler's own
 * `name`, `code`, `message` and `data`.
 */
export class LaunchpoolError extends Error {
  code: string | number;
  hint: string | undefined;
  retryable: boolean;
  data: unknown;
  /** Whether the other side has answered with this error, rather than this side having come upon it. */
  remote = false;

  constructor(code: ErrorCode, message: string, { hint, cause, data }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LaunchpoolError';
    this.code = code;
    this.hint = hint;
    this.retryable = ERROR_CODES[code].retryable;
    this.data = data;
  }
}

/** An error as plain fields: what is left of it in JSON and in a structured clone. */
export type PlainError = {
  name: string;
  message: string;
  code?: string | number;
  hint?: string;
  data?: unknown;
  stack?: string;
};

const textOf = (value: unknown, fallback: string): string => (typeof value === 'string' ? value : fallback);

/**
 * Reduces anything that was thrown to plain fields.
 *
 * Getters and proxies may throw while they are read; what cannot be read is left out, so this never throws.
 * @param stack whether the stack goes along; it shows paths, so only in development.
 */
export function toPlain(thrown: unknown, { stack = false }: { stack?: boolean } = {}): PlainError {
  const unreadable = { name: 'Error', message: 'something was thrown that cannot be read' };
  if (typeof thrown !== 'object' || thrown === null) {
    try {
      return { name: 'Error', message: `thrown: ${String(thrown)}` };
    } catch {
      return unreadable;
    }
  }
  let isReadable = true;
  const read = (field: string): unknown => {
    try {
      return (thrown as Record<string, unknown>)[field];
    } catch {
      isReadable = field !== 'message';
      return undefined;
    }
  };
  const message = textOf(read('message'), 'an object without a message was thrown');
  if (!isReadable) return unreadable;
  const plain: PlainError = { name: textOf(read('name'), 'Error'), message };
  const [code, hint, data] = [read('code'), read('hint'), read('data')];
  if (typeof code === 'string' || typeof code === 'number') plain.code = code;
  if (typeof hint === 'string') plain.hint = hint;
  if (data !== undefined) plain.data = data;
  const trace = stack ? read('stack') : undefined;
  if (typeof trace === 'string') plain.stack = trace;
  return plain;
}

/** The counterpart of {@link toPlain}: a remote LaunchpoolError that carries the plain fields as its own. */
export function fromPlain({ name, message, code, hint, data, stack }: PlainError): LaunchpoolError {
  const error = new LaunchpoolError('ERR_LAUNCHPOOL_HANDLER', message, { hint, data });
  error.name = name;
  error.remote = true;
  if (code !== undefined) error.code = code;
  error.retryable = factsOf(error.code)?.retryable ?? false;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** What the table says of a code, or undefined when the code is not launchpool's. */
export function factsOf(code: unknown): ErrorFacts | undefined {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : undefined;
}
