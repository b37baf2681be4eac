/** The signals of the requests that this thread runs, by which the requests are cancelled. */
import { fromPlain, type PlainError } from '../wire/errors.ts';

/**
 * Key of the function that returns the signal of the running request. Modules are bundled, and share only the global
 * object with this program. See src/handler.ts.
 */
const SIGNAL_KEY: unique symbol = Symbol.for('launchpool.requestSignal') as never;

export type Requests = {
  /** Code that runs from now on, until leave(), belongs to this request, and can ask for its signal. */
  enter(ticket: number, index: number): void;
  leave(): void;
  /** The request has an outcome. */
  done(ticket: number, index: number): void;
  /** Aborts the signal of a request, if the request has asked for it. */
  cancel(ticket: number, index: number, error: PlainError): void;
};

/** @param home the object on which the module finds the function. */
export function createRequests(home: Record<symbol, unknown> = globalThis as never): Requests {
  const controllers = new Map<string, AbortController>();
  let currentTicket: number | undefined;
  let currentIndex = 0;

  function signal(): AbortSignal {
    if (currentTicket === undefined) {
      throw new Error('no request is running: the signal of a request is available before its first await');
    }
    const key = keyOf(currentTicket, currentIndex);
    const known = controllers.get(key);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    controllers.set(key, controller);
    return controller.signal;
  }
  home[SIGNAL_KEY] = signal;

  return {
    enter(ticket, index) {
      currentTicket = ticket;
      currentIndex = index;
    },
    leave() {
      currentTicket = undefined;
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
