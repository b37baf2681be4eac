/** The requests that this thread has begun, as far as somebody may have to be told that they are not wanted any more. */
import { fromPlain, type PlainError } from '../wire/errors.ts';

/**
 * Where the module finds the signal of its request: modules are bundled, and share nothing with this program but the
 * global object. See src/handler.ts.
 */
const SIGNAL_KEY: unique symbol = Symbol.for('launchpool.requestSignal') as never;

export type Requests = {
  /** What runs from now on, up to leave(), belongs to this request: meanwhile, and not later, it can ask for its signal. */
  enter(ticket: number, index: number): void;
  leave(): void;
  /** The request has an outcome. */
  done(ticket: number, index: number): void;
  /** Fires the signal of a request, if it has asked for one. */
  cancel(ticket: number, index: number, error: PlainError): void;
};

/** @param home where the module looks for the signal. */
export function createRequests(home: Record<symbol, unknown> = globalThis as never): Requests {
  const controllers = new Map<string, AbortController>();
  let ticketNow: number | undefined;
  let indexNow = 0;

  function signal(): AbortSignal {
    if (ticketNow === undefined) {
      throw new Error('a request has a signal for those who ask before their first await');
    }
    const key = keyOf(ticketNow, indexNow);
    const known = controllers.get(key);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    controllers.set(key, controller);
    return controller.signal;
  }
  home[SIGNAL_KEY] = signal;

  return {
    enter(ticket, index) {
      ticketNow = ticket;
      indexNow = index;
    },
    leave() {
      ticketNow = undefined;
    },
    done(ticket, index) {
      if (controllers.size > 0) controllers.delete(keyOf(ticket, index));
    },
    cancel(ticket, index, error) {
      controllers.get(keyOf(ticket, index))?.abort(fromPlain(error));
    },
  };
}

function keyOf(ticket: number, index: number): string {
  return `${ticket}.${index}`;
}
