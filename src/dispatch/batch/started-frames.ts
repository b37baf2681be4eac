/** Frames of a batch that started at about the same time. */
import type { OpenRequest } from '../cancel/open-requests.ts';
import type { Started } from '../cancel/started-requests.ts';

/** The part of a batch that its frames use. */
export type StartedBatch = {
  readonly unsettled: number;
  visitFrames(from: number, to: number, visitor: (request: OpenRequest) => void): void;
};

export class StartedFrames implements Started {
  readonly #batch: StartedBatch;
  readonly #from: number;
  readonly #to: number;

  constructor(batch: StartedBatch, from: number, to: number) {
    this.#batch = batch;
    this.#from = from;
    this.#to = to;
  }

  get isOver(): boolean {
    return this.#batch.unsettled === 0;
  }

  visit(visitor: (request: OpenRequest) => void): void {
    this.#batch.visitFrames(this.#from, this.#to, visitor);
  }
}
