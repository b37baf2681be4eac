/** Signals by which a user ends a verb: the first one ends it in good order, a further one at once. */
import { constants } from 'node:os';

/** Two signals within that time are one: npm passes on the signal that the terminal has sent to both. In milliseconds. */
const ONE_SIGNAL_MS = 300;

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type Interrupts = {
  /** Resolves with the name of the first signal. */
  readonly first: Promise<string>;
  /**
   * Adds what must not stay when a further signal ends the process at once, with the status that a shell gives that signal.
   * Called synchronously, last added first.
   */
  atOnce(cleanUp: () => void): void;
};

export function listenForInterrupts(): Interrupts {
  const { promise: first, resolve } = Promise.withResolvers<string>();
  const cleanups: (() => void)[] = [];
  let firstAt: number | undefined;
  const onSignal = (name: (typeof NAMES)[number]): void => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      resolve(name);
    } else if (performance.now() - firstAt >= ONE_SIGNAL_MS) {
      for (const cleanUp of cleanups.reverse()) tryTo(cleanUp);
      process.exit(128 + constants.signals[name]);
    }
  };
  for (const name of NAMES) process.on(name, onSignal);
  return { first, atOnce: (cleanUp) => cleanups.push(cleanUp) };
}

/** What fails must not keep the others from being cleaned up. */
function tryTo(cleanUp: () => void): void {
  try {
    cleanUp();
  } catch (error) {
    process.stderr.write(`launchpool: ${(error as Error).message}\n`);
  }
}
