/** The endpoints of a service, for plain clients of NATS: a request with JSON params, and a reply with the JSON result. */
import type { NatsLibrary } from '../nats/library.ts';
import type { NatsService, ServiceRequest } from '../nats/nats-types.ts';
import { headerOf, replyOf } from '../nats/subscribe.ts';
import type { PlainCalls, PlainFailure, PlainReply } from './plain-calls.ts';
import { type EndpointFacts, RAW_ENDPOINT } from './service-facts.ts';

/** What services of NATS have: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md */
const ERROR = 'Nats-Service-Error';
const ERROR_CODE = 'Nats-Service-Error-Code';
/** What launchpool adds. */
export const TIMEOUT_HEADER = 'Launchpool-Timeout-Ms';
export const CODE_HEADER = 'Launchpool-Error-Code';

/** JSON-RPC → the codes that services of NATS have, which are those of HTTP. */
const STATUSES: Readonly<Record<number, number>> = {
  [-32_700]: 400,
  [-32_600]: 400,
  [-32_602]: 400,
  [-32_601]: 404,
  [-32_002]: 503,
  [-32_003]: 504,
  [-32_800]: 499,
};
const TOO_LONG: PlainFailure = {
  code: -32_603,
  message: 'the result is longer than the NATS server allows: call the method with the client of launchpool',
  data: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' },
};

export type Endpoints = {
  /** Resolves when every request that has arrived is answered. */
  readonly idle: Promise<void>;
};

export function addEndpoints(
  service: NatsService,
  endpoints: readonly EndpointFacts[],
  { calls, library, maxPayload }: { calls: PlainCalls; library: NatsLibrary; maxPayload: () => number },
): Endpoints {
  let open = 0;
  let settleIdle: (() => void) | undefined;

  function answer(request: ServiceRequest, reply: PlainReply): void {
    const isTooLong = 'result' in reply && reply.result.length > maxPayload();
    if ('result' in reply && !isTooLong) request.respond(reply.result);
    else respondError(request, 'error' in reply ? reply.error : TOO_LONG);
  }

  function respondError(request: ServiceRequest, error: PlainFailure): void {
    const { code } = Object(error.data) as { code?: unknown };
    const headers = library.headers();
    headers.set(ERROR, oneLine(error.message));
    headers.set(ERROR_CODE, String(STATUSES[error.code] ?? 500));
    if (typeof code === 'string') headers.set(CODE_HEADER, oneLine(code));
    const body = Buffer.from(JSON.stringify(error));
    request.respond(body.length > maxPayload() / 2 ? new Uint8Array() : body, { headers });
  }

  for (const { name, subject, metadata } of endpoints) {
    const method = name === RAW_ENDPOINT && !subject.includes('.') ? undefined : name;
    service.addEndpoint(name, {
      subject,
      metadata,
      handler(error, request) {
        if (error !== null || isReserved(replyOf(request))) return;
        open += 1;
        calls.call(method, request.data, asksIn(request), (reply) => {
          open -= 1;
          try {
            answer(request, reply);
          } catch {
            // The connection to NATS is closed: there is no one to answer.
          }
          if (open === 0) settleIdle?.();
        });
      },
    });
  }

  return {
    get idle() {
      return open === 0 ? Promise.resolve() : new Promise<void>((resolve) => (settleIdle = resolve));
    },
  };
}

/**
 * Whether a reply would be a message of launchpool or of NATS itself: a client that may not publish the outcome of a call for
 * later must not have an instance do so.
 */
function isReserved(reply: string | undefined): boolean {
  return reply !== undefined && /^(\$|launchpool[.-])/.test(reply);
}

/** Headers that cannot be decoded say nothing. */
function asksIn(request: ServiceRequest) {
  const of = (name: string): string | undefined => headerOf(request, (headers) => headers.get(name)) || undefined;
  const timeoutMs = Number(of(TIMEOUT_HEADER));
  return {
    timeoutMs: timeoutMs > 0 ? timeoutMs : undefined,
    traceparent: of('traceparent'),
    tracestate: of('tracestate'),
  };
}

/** A header is one line. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 500);
}
