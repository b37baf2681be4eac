/** Says of those that are turned away that they were, without letting them fill the log. */
import { toPlain } from '../../../wire/errors.ts';
import type { Log } from '../../log.ts';

/** Between two lines for one code. */
const QUIET_MS = 1_000;

export type Rejections = {
  /** Of each code, the first is logged at once; what comes soon after it is only counted, and told with the next line. */
  tell(error: Error): void;
  /** By code, how many there were. */
  readonly counts: Readonly<Record<string, number>>;
};

export function createRejections(log: Pick<Log, 'warn'>, now: () => number = () => performance.now()): Rejections {
  const counts: Record<string, number> = {};
  const lines = new Map<string, { at: number; count: number }>();

  return {
    counts,
    tell(error) {
      const code = String((error as { code?: string | number }).code);
      const count = (counts[code] ?? 0) + 1;
      counts[code] = count;
      const last = lines.get(code);
      if (last !== undefined && now() - last.at < QUIET_MS) return;
      lines.set(code, { at: now(), count });
      // So many since the line before, this one included.
      log.warn({ error: toPlain(error), connections: count - (last?.count ?? 0) }, 'turned-away');
    },
  };
}
