/** The line that shows how far a call is. */
import test from 'ava';
import { barOf, createProgressBar } from '../../../src/cli/progress-bar.ts';

test('the bar shows the share, the text, and no more than a line', (t) => {
  t.is(barOf({ done: 1, total: 2, text: 'files' }, 80), `${'█'.repeat(12)}${'░'.repeat(12)} 50 % files`);
  t.is(barOf({ done: 0, total: 2 }, 80), `${'░'.repeat(24)} 0 %`);
  t.is(barOf({ done: 5, total: 2 }, 80), `${'█'.repeat(24)} 100 %`);
  t.is(barOf({ done: 7, text: 'a\n\x1b[31mb' }, 80), '7 a [31mb');
  t.is(barOf({ done: 1, total: 2, text: 'x'.repeat(100) }, 30).length, 29);
  t.is(barOf({ done: 7 }, 80), '7');
});

test('it is drawn on a terminal only, and erased before other output', (t) => {
  for (const isTTY of [true, false]) {
    let output = '';
    const write = (text: string): boolean => {
      output += text;
      return true;
    };
    const bar = createProgressBar(() => ({ isTTY, columns: 80, write }) as never);
    bar.erase();
    bar.draw({ done: 1 });
    bar.draw({ done: 2 });
    bar.erase();
    bar.erase();
    t.is(output, isTTY ? '\r\x1b[K1\r\x1b[K2\r\x1b[K' : '');
  }
});
