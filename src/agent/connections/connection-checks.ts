/** Looks after all connections with one timer, which there is only while there are any. */
import type { SlowClientReason } from './slow-client-timeout.ts';

/** Between two looks, in milliseconds. */
const CHECK_MS = 5_000;

/** What is looked after. */
export type Checkable = {
  /** Looks how far it has come, and gives it up if that is too little. */
  check(now: number): SlowClientReason | undefined;
};

export type ConnectionChecksOptions<Each extends Checkable> = {
  connections: ReadonlySet<Each>;
  onLost: (connection: Each, lost: SlowClientReason) => void;
  /** @default 5000 */
  everyMs?: number;
};

export type ConnectionChecks = {
  /** To be called when there is a new connection. */
  start(): void;
  stop(): void;
  /** How many connections have been given up. */
  readonly counts: Readonly<Record<SlowClientReason, number>>;
};

export function createConnectionChecks<Each extends Checkable>(
  options: ConnectionChecksOptions<Each>,
): ConnectionChecks {
  const { connections, onLost, everyMs = CHECK_MS } = options;
  const counts = { 'slow-frame': 0, unread: 0 };
  let timer: NodeJS.Timeout | undefined;
  let checkedAt = 0;
  /** A clock that stands still while this process does, as on a machine that sleeps: nobody is late because of that. */
  let now = 0;

  function check(): void {
    const time = performance.now();
    now += Math.min(time - checkedAt, 2 * everyMs);
    checkedAt = time;
    for (const connection of connections) {
      const lost = connection.check(now);
      if (lost === undefined) continue;
      counts[lost] += 1;
      onLost(connection, lost);
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
