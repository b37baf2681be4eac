/** Looks after all connections with one timer, which there is only while there are any. */
import type { Lost } from './slow-client-timeout.ts';

/** Between two looks, in milliseconds. */
const SWEEP_MS = 5_000;

/** What is looked after. */
export type Swept = {
  /** Looks how far it has come, and gives it up if that is too little. */
  look(now: number): Lost | undefined;
};

export type SweepOptions<Each extends Swept> = {
  connections: ReadonlySet<Each>;
  onLost: (connection: Each, lost: Lost) => void;
  /** @default 5000 */
  everyMs?: number;
};

export type Sweep = {
  /** To be called when there is a new connection. */
  start(): void;
  stop(): void;
  /** How many connections have been given up. */
  readonly counts: Readonly<Record<Lost, number>>;
};

export function createSweep<Each extends Swept>(options: SweepOptions<Each>): Sweep {
  const { connections, onLost, everyMs = SWEEP_MS } = options;
  const counts = { 'slow-frame': 0, unread: 0 };
  let timer: NodeJS.Timeout | undefined;
  let lookedAt = 0;
  /** A clock that stands still while this process does, as on a machine that sleeps: nobody is late because of that. */
  let now = 0;

  function look(): void {
    const time = performance.now();
    now += Math.min(time - lookedAt, 2 * everyMs);
    lookedAt = time;
    for (const connection of connections) {
      const lost = connection.look(now);
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
      lookedAt = performance.now();
      timer = setInterval(look, everyMs).unref();
    },
    stop,
    counts,
  };
}
