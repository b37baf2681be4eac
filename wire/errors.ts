/** The one error class, the table of its codes, and errors from the plain form in which they cross threads and sockets. */
import { ERROR_LIMITS, type PlainError, readPlain } from './plain-error.ts';

export { type PlainError, toPlain } from './plain-error.ts';

type ErrorFacts = {
  /** The meaning, for docs/errors.md. */
  readonly meaning: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** The exit status of a command that ends with this error, after sysexits(3). */
  readonly exit: number;
  /** The `code` of the JSON-RPC error object, if the error travels as one. */
  readonly rpc?: number;
};

const facts = (meaning: string, exit: number, rpc?: number, retryable = false): ErrorFacts => ({
  meaning,
  exit,
  retryable,
  ...(rpc === undefined ? {} : { rpc }),
});

/** All codes of launchpool's errors. Codes are stable: match them, not the messages. */
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
  ERR_LAUNCHPOOL_PICKLE: facts('A request is a Python pickle: send() was called instead of send_bytes().', 65, -32700),
  ERR_LAUNCHPOOL_ENCODING: facts('A request has an encoding, or a value in MessagePack, that is not read.', 65, -32700),
  ERR_LAUNCHPOOL_REQUEST_INVALID: facts('A request is JSON, but not a JSON-RPC 2.0 request.', 65, -32600),
  ERR_LAUNCHPOOL_METHOD_NOT_FOUND: facts('The agent has no method of that name.', 64, -32601),
  ERR_LAUNCHPOOL_PARAMS_INVALID: facts(
    'The params are no array or object, have no form in JSON, or do not have the types of the parameters.',
    65,
    -32602,
  ),
  ERR_LAUNCHPOOL_HANDLER: facts('The handler threw a value without a code of its own.', 1, -32000),
  ERR_LAUNCHPOOL_RESULT_INVALID: facts('The handler returned a value that cannot be sent.', 70, -32603),
  ERR_LAUNCHPOOL_HANDLER_EXITED: facts('The handler called process.exit() or parentPort.close().', 70, -32603),
  ERR_LAUNCHPOOL_THREAD_EXITED: facts('The worker thread ended before the request was answered.', 70, -32603),
  ERR_LAUNCHPOOL_BUSY: facts('The agent is at a limit; `data.retryAfterMs` says when to retry.', 75, -32002, true),
  ERR_LAUNCHPOOL_QUEUE_TIMEOUT: facts(
    'The deadline of the request passed before it started: it has not run.',
    75,
    -32003,
    true,
  ),
  ERR_LAUNCHPOOL_RUN_TIMEOUT: facts('The deadline of the request passed while it ran.', 75, -32003),
  ERR_LAUNCHPOOL_CANCELLED: facts(
    'The caller cancelled the request or disconnected, or the agent shut down.',
    75,
    -32800,
  ),
  ERR_LAUNCHPOOL_OUTCOME_UNKNOWN: facts(
    'The instance that had the request was lost: the request may have run, and is not repeated.',
    75,
    -32004,
  ),
  ERR_LAUNCHPOOL_PEER_REFUSED: facts('The user who connected may not use this agent.', 77),
  ERR_LAUNCHPOOL_SOCKET_UNSAFE: facts('Users who may not use the agent can reach its socket.', 78, -32001),
  ERR_LAUNCHPOOL_RELOAD_FAILED: facts('The new module cannot replace the old one, which stays.', 66, -32001),
  ERR_LAUNCHPOOL_REPLY_INVALID: facts('A reply is not a JSON-RPC 2.0 response.', 76),

  ERR_LAUNCHPOOL_MODULE_NOT_LOADED: facts("The agent's module cannot be loaded.", 66, -32001),
  ERR_LAUNCHPOOL_MODULE_NO_EXPORTS: facts("The agent's module exports no function.", 66, -32001),
  ERR_LAUNCHPOOL_MODULE_BOTH_KINDS: facts("The agent's module has a default export and named ones.", 66, -32001),

  ERR_LAUNCHPOOL_LOAD_TIMEOUT: facts("The agent's module was not loaded in time.", 66, -32001),

  ERR_LAUNCHPOOL_NOT_SUPERVISED: facts('`run` was started by hand: no supervisor has passed it a socket.', 64),
  ERR_LAUNCHPOOL_SUPERVISOR_INVALID: facts('The supervisor passed something that cannot be used.', 78),
  ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME: facts('launchd knows no socket of that name for this job (ENOENT).', 78),
  ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED: facts('launchd does not manage this process (ESRCH).', 64),
  ERR_LAUNCHPOOL_CHECK_IN_REPEATED: facts('The socket was handed out before (EALREADY).', 70),
  ERR_LAUNCHPOOL_CHECK_IN_FAILED: facts('launchd refused the check-in for another reason.', 71),
  ERR_LAUNCHPOOL_CHECK_IN_LIBRARY: facts('The library that launchd check-in needs cannot be loaded.', 71),

  ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE: facts('No launchd session and no systemd user manager answers.', 69),
  ERR_LAUNCHPOOL_SUPERVISOR_FAILED: facts('launchctl or systemctl refused a command.', 71),
  ERR_LAUNCHPOOL_JOB_INVALID: facts('The job has no valid plist or unit.', 78),
  ERR_LAUNCHPOOL_NODE_UNFIT: facts('The chosen Node is too old, does not run, or will be removed.', 78),
  ERR_LAUNCHPOOL_INSTALL_FAILED: facts('A step of an installation failed; everything is restored.', 73),
  ERR_LAUNCHPOOL_NOT_INSTALLED: facts('No agent is installed under that label.', 66),
  ERR_LAUNCHPOOL_NOT_DESCRIBED: facts('The agent has no description of its methods.', 66),
  ERR_LAUNCHPOOL_TOOL_NAMES: facts('Two methods would have the same name as tools of MCP.', 78),
  ERR_LAUNCHPOOL_CLIENT_CONFIG: facts('The configuration file of a client of MCP cannot be read or changed.', 78),
  ERR_LAUNCHPOOL_NOT_READY: facts('The agent does not answer, or another program does.', 70),
  ERR_LAUNCHPOOL_STOPPED: facts('The agent is stopped on purpose; `launchpool start` starts it.', 69),
  ERR_LAUNCHPOOL_VERSION_NOT_KEPT: facts('The version to return to is not kept, or not complete.', 66),

  ERR_LAUNCHPOOL_NO_HOME: facts('The home folder of the user is not known.', 78),
  ERR_LAUNCHPOOL_ADDRESS_INVALID: facts('A label or a socket path is not usable.', 64),
  ERR_LAUNCHPOOL_SOCKET_IN_USE: facts(
    'Another process holds the socket path; `data.pid` is its id, if it is known.',
    73,
  ),
  ERR_LAUNCHPOOL_SOCKET_FAILED: facts('The socket cannot be bound.', 73),
  ERR_LAUNCHPOOL_OPTION_INVALID: facts('An option has a value that is not allowed.', 64),

  ERR_LAUNCHPOOL_NATS_MISSING: facts('A package of NATS is not installed in the project.', 69),
  ERR_LAUNCHPOOL_JETSTREAM_MISSING: facts('The NATS server has no JetStream, or none for this account.', 69),
  ERR_LAUNCHPOOL_NOT_DURABLE: facts('The service takes no calls for later: it runs without --durable.', 69),
  ERR_LAUNCHPOOL_TASK_UNKNOWN: facts('No call for later has this id, or its outcome is kept no longer.', 66),
  ERR_LAUNCHPOOL_TASK_PENDING: facts('The call for later has no outcome yet.', 75, undefined, true),
  ERR_LAUNCHPOOL_RESULT_EXPIRED: facts('The outcome of the call for later is kept no longer.', 66),
  ERR_LAUNCHPOOL_CONNECT_FAILED: facts('No process answers at the socket.', 69, undefined, true),
  ERR_LAUNCHPOOL_CONNECTION_CLOSED: facts('The connection closed before the reply arrived.', 69, undefined, true),
  ERR_LAUNCHPOOL_SOCKET_OWNER: facts('The socket belongs to a user whom the client does not trust.', 77),
  ERR_LAUNCHPOOL_NOT_A_STREAM: facts('The call was read as a stream, and its result is a value, in `data`.', 65),
  ERR_LAUNCHPOOL_CALL_TIMEOUT: facts('No reply arrived before the deadline of the caller.', 75, undefined, true),
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

export type ErrorDetails = {
  /** What to do, as one sentence. */
  hint?: string | undefined;
  /** The underlying error. */
  cause?: unknown;
  /** Values for programs. */
  data?: unknown;
};

/** The key of a mark that the instances of all copies of the class have. */
const MARK = Symbol.for('launchpool.LaunchpoolError');

/**
 * The error that launchpool throws, rejects with and sends.
 *
 * `code` is stable. An error that a handler threw arrives at the caller as a LaunchpoolError with the handler's own `name`,
 * `code`, `message` and `data`, its own enumerable fields, its `cause`, and the `errors` of an AggregateError; see
 * docs/errors.md for what is left out.
 *
 * `instanceof` is true for the instances of every copy of this class: each bundle has a copy, and so has a second version
 * of the package in one process.
 */
export class LaunchpoolError extends Error {
  code: string | number;
  hint: string | undefined;
  retryable: boolean;
  data: unknown;
  /** Whether the other side answered with this error; false when this side detected it. */
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

Object.defineProperty(LaunchpoolError.prototype, MARK, { value: true });
Object.defineProperty(LaunchpoolError, Symbol.hasInstance, { value: isInstance });

function isInstance(this: typeof LaunchpoolError, value: unknown): boolean {
  // A class that extends LaunchpoolError has no mark of its own.
  if (this !== LaunchpoolError) return Function.prototype[Symbol.hasInstance].call(this, value);
  return typeof value === 'object' && value !== null && MARK in value;
}

/** Whether this is the error for input that is no frame, or too long a one. */
export function isFrameError(error: unknown): error is LaunchpoolError {
  return error instanceof LaunchpoolError && String(error.code).startsWith('ERR_LAUNCHPOOL_FRAME_');
}

/**
 * The counterpart of {@link toPlain}: a remote LaunchpoolError with these fields, and with such errors as its causes and
 * errors, within {@link ERROR_LIMITS}.
 */
export function fromPlain(plain: PlainError): LaunchpoolError {
  return rebuild(plain, 1, { errors: ERROR_LIMITS.errors });
}

function rebuild(plain: PlainError, level: number, left: { errors: number }): LaunchpoolError {
  const { name, message, code, hint, data, stack, fields = {}, cause, errors } = plain;
  left.errors -= 1;
  const related = (value: unknown): unknown => {
    const own = level < ERROR_LIMITS.levels && left.errors > 0 ? readPlain(value) : undefined;
    return own === undefined ? value : rebuild(own, level + 1, left);
  };
  const error = new LaunchpoolError('ERR_LAUNCHPOOL_HANDLER', message, { hint, data, cause: related(cause) });
  error.name = name;
  error.remote = true;
  if (code !== undefined) error.code = code;
  error.retryable = factsOf(error.code)?.retryable ?? false;
  // That of this program would lead to where the reply was read.
  error.stack = stack ?? `${name}: ${message}`;
  // As in an AggregateError, not enumerable.
  if (errors !== undefined) {
    Object.defineProperty(error, 'errors', { value: errors.map(related), writable: true, configurable: true });
  }
  for (const [key, value] of Object.entries(fields)) {
    // The other side must neither replace a method or a field of the error nor make it a promise.
    if (key in error || key === 'then' || key === 'toJSON') continue;
    Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return error;
}

/** The table's facts for a code, or undefined for a code that is not launchpool's. */
export function factsOf(code: unknown): ErrorFacts | undefined {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : undefined;
}
