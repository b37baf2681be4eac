/** Requests that started at about the same time: what the limit of the run time is checked for. */
import type { OpenRequest } from './open-requests.ts';

/** Finds the requests; the part of a batch, or of a long request, that this uses. */
export type Started = {
  /** Whether every request has an outcome. */
  readonly isOver: boolean;
  /** Visits the requests that have no outcome. The visitor must not settle any. */
  visit(visitor: (request: OpenRequest) => void): void;
};

export class StartedRequests {
  /** On the clock of `performance`. */
  readonly startedAt: number;
  checkAt = 0;
  readonly #started: Started;

  constructor(startedAt: number, started: Started) {
    this.startedAt = startedAt;
    this.#started = started;
  }

  get isOver(): boolean {
    return this.#started.isOver;
  }

  visit(visitor: (request: OpenRequest) => void): void {
    this.#started.visit(visitor);
  }
}
