/** Signals of a supervisor. The agent handles them from its first moment, since each ends a process by default. */

export type Signals = {
  /** Resolves with the name of the first signal that requests a shutdown. */
  readonly leave: Promise<string>;
  /** Sets the function to call on each SIGHUP, and calls it once if SIGHUP came before. */
  onReload(call: () => void): void;
};

export function listenForSignals(): Signals {
  const { promise: leave, resolve } = Promise.withResolvers<string>();
  let isPending = false;
  let reload = (): void => {
    isPending = true;
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
  process.on('SIGHUP', () => reload());
  return {
    leave,
    onReload(call) {
      reload = call;
      if (isPending) call();
    },
  };
}
