/** What a supervisor says by signals, heard from the first moment on: by default, each of them ends the process. */

export type Signals = {
  /** Resolves with the name of what has asked the agent to leave. */
  readonly leave: Promise<string>;
  /** Calls for each wish to reload; once for those that have come before. */
  onReload(call: () => void): void;
};

export function listenForSignals(): Signals {
  const { promise: leave, resolve } = Promise.withResolvers<string>();
  let isAsked = false;
  let reload = (): void => {
    isAsked = true;
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
  process.on('SIGHUP', () => reload());
  return {
    leave,
    onReload(call) {
      reload = call;
      if (isAsked) call();
    },
  };
}
