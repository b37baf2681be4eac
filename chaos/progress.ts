/** One line on standard error that is written over and over; nothing where that is no terminal. */

/** As often as that a reader can follow. */
const EVERY_MS = 200;

export type Progress = { show(text: string): void; end(): void };

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  if (!stream.isTTY) return { show: () => undefined, end: () => undefined };
  return {
    show(text) {
      const now = performance.now();
      if (now - shownAt < EVERY_MS) return;
      shownAt = now;
      stream.write(`\r${text.slice(0, (stream.columns || 80) - 1)}\x1b[K`);
    },
    end: () => stream.write('\r\x1b[K'),
  };
}
