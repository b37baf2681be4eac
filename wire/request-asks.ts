/** What the caller of a request asks for, beside the params. */
import { mayHaveStreamParam, readStream, type StreamCredit } from './stream.ts';
import { MAX_TIMEOUT_MS } from './timeout.ts';
import { type TraceContext, traceIn } from './trace-context.ts';

export type RequestAsks = {
  /** Set if the caller reads a stream, and then what it has room for. */
  stream: StreamCredit | undefined;
  /** Whether parameters may be streams. */
  mayHaveStreams: boolean;
  /** Whether the caller wants to know how far the request is. */
  progress: boolean;
  /** Whether a result that JSON would change may come in MessagePack. */
  acceptsPacked: boolean;
  /** How long the request may take, if it says so. */
  timeoutMs: number | undefined;
  /** The trace that the request belongs to, if it says so. */
  trace: TraceContext | undefined;
};

// The module on the same thread may change the global object.
const { isArray } = Array;

/**
 * Undefined if the caller asks for a reply and nothing more.
 * @param source a single request as it was sent. A request of a batch has no streams, and no timeout.
 * @throws ERR_LAUNCHPOOL_REQUEST_INVALID
 */
export function readAsks(
  request: Record<string, unknown>,
  source: string | Buffer | undefined,
): RequestAsks | undefined {
  const { stream, progress, timeoutMs, accept, traceparent } = request;
  const mayHaveStreams = source !== undefined && mayHaveStreamParam(source);
  const isPlain = stream === undefined && progress === undefined && timeoutMs === undefined && accept === undefined;
  if (isPlain && !mayHaveStreams && traceparent === undefined) return undefined;
  return {
    stream: source === undefined ? undefined : readStream(stream),
    mayHaveStreams,
    progress: progress === true,
    timeoutMs: source !== undefined && isTimeout(timeoutMs) ? timeoutMs : undefined,
    // The id of the reply is a value in MessagePack, which must be the same.
    acceptsPacked: source !== undefined && isArray(accept) && accept.includes('msgpack') && isPlainId(request.id),
    trace: traceparent === undefined ? undefined : traceIn(request),
  };
}

function isPlainId(id: unknown): boolean {
  return typeof id === 'string' || Number.isSafeInteger(id);
}

/** Any other value means no deadline: see control-frames.ts. */
function isTimeout(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT_MS;
}
