/** Connection checks: one timer finds slow clients among all connections. It runs only while connections are open. */
import type { SlowClientReason } from './slow-client-timeout.ts';

/** Interval of the checks. */
const CHECK_MS = 5_000;

/** The checked part of a connection. */
export type Checkable = {
  /** Closes the connection if its client is too slow, and returns the reason. */
  check(now: number): SlowClientReason | undefined;
};

export type ConnectionChecksOptions<Each extends Checkable> = {
  connections: ReadonlySet<Each>;
  onSlow: (connection: Each, reason: SlowClientReason) => void;
  /** @default 5000 */
  everyMs?: number;
};

export type ConnectionChecks = {
  /** Starts the timer if necessary; call it for each new connection. */
  start(): void;
  stop(): void;
  /** The number of closed connections, by reason. */
  readonly counts: Readonly<Record<SlowClientReason, number>>;
};

export function createConnectionChecks<Each extends Checkable>(
  options: ConnectionChecksOptions<Each>,
): ConnectionChecks {
  const { connections, onSlow, everyMs = CHECK_MS } = options;
  const counts = { 'slow-frame': 0, unread: 0 };
  let timer: NodeJS.Timeout | undefined;
  let checkedAt = 0;
  /** A clock that stops while this process is stopped, for instance while the machine sleeps. */
  let now = 0;

  function check(): void {
    const time = performance.now();
    now += Math.min(time - checkedAt, 2 * everyMs);
    checkedAt = time;
    for (const connection of connections) {
      const reason = connection.check(now);
      if (reason === undefined) continue;
      counts[reason] += 1;
      onSlow(connection, reason);
    }
    if (connections.size === 0) stop();
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    start() {
      if (timer !== undefined) return;
      checkedAt = performance.now();
      timer = setInterval(check, everyMs).unref();
    },
    stop,
    counts,
  };
}
