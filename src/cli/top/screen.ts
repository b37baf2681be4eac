/** A terminal on which the same lines are drawn again and again, in place, until somebody has seen enough. */
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
  /** Leaves what was drawn last, and the terminal as it was. */
  close(): void;
};

export type ScreenOptions = {
  output: WriteStream;
  /** Where keys are read from, if there is a keyboard. */
  input: ReadStream | undefined;
  /** Called when q or Ctrl-C is pressed. */
  onEnd: () => void;
  /** Called when the terminal has another size, and is empty. */
  onResize: () => void;
};

export function openScreen({ output, input, onEnd, onResize }: ScreenOptions): Screen {
  let drawn = 0;

  function onKeys(keys: string): void {
    if (keys.includes('q') || keys.includes(CTRL_C)) onEnd();
  }

  /** Lines may have been broken by the terminal: nobody knows where the first one is. */
  function onSize(): void {
    output.write(CLEAR);
    drawn = 0;
    onResize();
  }

  output.write(HIDE_CURSOR);
  output.on('resize', onSize);
  input?.setRawMode(true).setEncoding('utf8').on('data', onKeys);

  return {
    // The last line is where the cursor stands.
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
