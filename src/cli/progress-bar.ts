/** Draws how far a call is, in one line of a terminal on standard error. */
import type { ProgressReport } from '../../wire/progress.ts';

const WIDTH = 24;
const ERASE_LINE = '\r\x1b[K';

export type ProgressBar = {
  /** Has no effect if standard error is no terminal. */
  draw(report: ProgressReport): void;
  /** Before other output, and at the end. */
  erase(): void;
};

type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'isTTY'>;

/** @param terminalOf called at the first report: the stream of standard error takes time to load. */
export function createProgressBar(terminalOf: () => Terminal = () => process.stderr): ProgressBar {
  let drawnOn: Terminal | undefined;
  return {
    draw(report) {
      const terminal = terminalOf();
      if (!terminal.isTTY) return;
      terminal.write(`${ERASE_LINE}${barOf(report, terminal.columns || 80)}`);
      drawnOn = terminal;
    },
    erase() {
      drawnOn?.write(ERASE_LINE);
      drawnOn = undefined;
    },
  };
}

/** One line without its end, no wider than the terminal. */
export function barOf({ done, total, text = '' }: ProgressReport, columns: number): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ');
  if (total === undefined || total <= 0) return `${done} ${plain}`.trim().slice(0, columns - 1);
  const share = Math.min(1, Math.max(0, done / total));
  const filled = Math.round(share * WIDTH);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
  const rest = `${Math.floor(100 * share)} % ${plain}`.trimEnd();
  return `${columns > WIDTH + 16 ? `${bar} ` : ''}${rest}`.slice(0, columns - 1);
}
