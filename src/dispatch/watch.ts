/** Looks after the batches that are with a worker: what does not get on is not allowed to hold up what it has not begun. */
import type { Flight } from './flight.ts';

/** How often it looks, in milliseconds. Two looks without progress are one too many. */
const LOOK_MS = 1;

export type Watch = {
  /** Looks, from now on, until there is nothing left to look at. */
  start(): void;
  stop(): void;
};

/**
 * @param flights what is with a worker now.
 * @param onStuck called for each that has not moved between the last two looks; again at each look that finds it so.
 */
export function createWatch(flights: ReadonlySet<Flight>, onStuck: (flight: Flight) => void): Watch {
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    if (flights.size === 0) stop();
    for (const flight of flights) if (flight.isStuck()) onStuck(flight);
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    start() {
      timer ??= setInterval(look, LOOK_MS);
    },
    stop,
  };
}
