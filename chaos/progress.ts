/** A progress line on standard error, which is overwritten in place. Nothing is written unless it is a terminal. */

/** Readable, and no load. */
const MIN_INTERVAL_MS = 200;

export type Progress = { show(text: string): void; end(): void };

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  if (!stream.isTTY) return { show: () => undefined, end: () => undefined };
  return {
    show(text) {
      const now = performance.now();
      if (now - shownAt < MIN_INTERVAL_MS) return;
      shownAt = now;
      stream.write(`\r${text.slice(0, (stream.columns || 80) - 1)}\x1b[K`);
    },
    end: () => stream.write('\r\x1b[K'),
  };
}
