/**
 * The one place that catches what is thrown on the path of one connection, in the main thread: it ends that connection, and
 * nothing else. Everything that acts for one connection goes through here: its socket's events, its replies, and the timers.
 */

export type Contained = {
  /** Logs the error and closes the connection; never throws. */
  onFault(error: unknown): void;
};

/** Carries out a step for one connection; returns its result, or undefined when it has thrown. */
export function contain<Result>(connection: Contained, step: () => Result): Result | undefined {
  try {
    return step();
  } catch (error) {
    connection.onFault(error);
    return undefined;
  }
}
