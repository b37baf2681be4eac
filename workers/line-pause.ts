/** Limits lines of the log that say the same: one a second, with the number of the others. */

/** Between two lines. */
const PAUSE_MS = 1_000;

/**
 * Whether a line may be written now.
 * @param key of lines that say the same.
 * @returns undefined for a line that is counted only; otherwise how many have been, since the last one that was written.
 */
export type LinePause = (key: string) => number | undefined;

/** @param pauseMs 0 lets all lines pass. @default a second */
export function createLinePause(pauseMs: number = PAUSE_MS): LinePause {
  const last = new Map<string, { dueAt: number; others: number }>();
  return (key) => {
    const now = Number(process.hrtime.bigint() / 1_000_000n);
    const known = last.get(key);
    if (known !== undefined && now < known.dueAt) {
      known.others += 1;
      return undefined;
    }
    last.set(key, { dueAt: now + pauseMs, others: 0 });
    return known?.others ?? 0;
  };
}
