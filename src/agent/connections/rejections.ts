/** Counts rejections, and logs them at a limited rate. */
import { toPlain } from '../../../wire/errors.ts';
import type { Log } from '../../log.ts';

/** Minimum interval of the log lines for one code. */
const QUIET_MS = 1_000;

export type Rejections = {
  /** Logs the first rejection of a code at once. The next line has the number of rejections in between. */
  report(error: Error): void;
  /** The number of rejections, by code. */
  readonly counts: Readonly<Record<string, number>>;
};

export function createRejections(log: Pick<Log, 'warn'>, now: () => number = () => performance.now()): Rejections {
  const counts: Record<string, number> = {};
  const lines = new Map<string, { at: number; count: number }>();

  return {
    counts,
    report(error) {
      const code = String((error as { code?: string | number }).code);
      const count = (counts[code] ?? 0) + 1;
      counts[code] = count;
      const last = lines.get(code);
      if (last !== undefined && now() - last.at < QUIET_MS) return;
      lines.set(code, { at: now(), count });
      // `connections` counts the rejections since the previous line, this one included.
      log.warn({ error: toPlain(error), connections: count - (last?.count ?? 0) }, 'connection-rejected');
    },
  };
}
