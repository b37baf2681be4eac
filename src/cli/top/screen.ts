/** Draws lines on a terminal repeatedly, in place. */
import type { ReadStream, WriteStream } from 'node:tty';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR = '\x1b[H\x1b[2J';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';
const CTRL_C = '\x03';

export type Screen = {
  readonly size: { columns: number; rows: number };
  draw(lines: readonly string[]): void;
  /** Restores the terminal. The lines drawn last stay. */
  close(): void;
};

export type ScreenOptions = {
  output: WriteStream;
  /** The source of key presses; undefined without a keyboard. */
  input: ReadStream | undefined;
  /** Called when q or Ctrl-C is pressed. */
  onEnd: () => void;
  /** Called when the terminal has another size and was cleared. */
  onResize: () => void;
};

export function openScreen({ output, input, onEnd, onResize }: ScreenOptions): Screen {
  let drawn = 0;

  function onKeys(keys: string): void {
    if (keys.includes('q') || keys.includes(CTRL_C)) onEnd();
  }

  /** Clears the terminal: it may have wrapped lines, so the position of the first line is unknown. */
  function onSize(): void {
    output.write(CLEAR);
    drawn = 0;
    onResize();
  }

  output.write(HIDE_CURSOR);
  output.on('resize', onSize);
  input?.setRawMode(true).setEncoding('utf8').on('data', onKeys);

  return {
    // The cursor takes the last line.
    get size() {
      return { columns: output.columns, rows: Math.max(1, output.rows - 1) };
    },
    draw(lines) {
      const up = drawn > 0 ? `\x1b[${drawn}A` : '';
      output.write(`${up}\r${lines.map((line) => `${line}${REST_OF_LINE}\n`).join('')}${REST_OF_SCREEN}`);
      drawn = lines.length;
    },
    close() {
      output.off('resize', onSize);
      input?.off('data', onKeys).setRawMode(false).pause();
      output.write(SHOW_CURSOR);
    },
  };
}
