/** The requests that have no outcome yet, as cancellation finds them. */
import type { PlainError } from '../../../wire/errors.ts';
import type { OpenRequest, RunningRequest } from '../connection/open-request.ts';

export type { OpenRequest, RequestPlace, RunningRequest } from '../connection/open-request.ts';

/** Where requests are: all that have started, those of one connection, or those that started together. */
export type RequestSource = {
  /** Visits the requests that have no outcome. The visitor must not settle any. */
  visit(visitor: (request: OpenRequest) => void): void;
};

/** Settling one request may settle others, and change what is visited: the requests are gathered first. */
export function openRequestsOf(source: RequestSource): OpenRequest[] {
  const requests: OpenRequest[] = [];
  source.visit((request) => {
    if (request.group.cancelled?.has(request.position) !== true) requests.push(request);
  });
  return requests;
}

/** The message by which a thread aborts a request. */
export function abortMessage(
  { ticket, index }: RunningRequest,
  error: PlainError,
): { launchpool: 'cancel'; ticket: number; index: number; error: PlainError } {
  return { launchpool: 'cancel', ticket, index, error };
}
