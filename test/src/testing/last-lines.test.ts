/** The last lines of a log. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { readLastLines } from '../../../src/testing/last-lines.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('without a file there are no lines, and lines that are kept stay', async (t) => {
  const path = join(await tempDir(t), 'log');
  const log = readLastLines(path);
  t.deepEqual(log.lines(), []);
  writeFileSync(path, 'one\ntwo\nunfini');
  t.deepEqual(log.lines(), ['one', 'two', 'unfini']);
  appendFileSync(path, 'shed\n');
  t.deepEqual(log.lines(), ['one', 'two', 'unfinished']);
  log.keep();
  rmSync(path);
  log.keep();
  t.deepEqual(log.lines(), ['one', 'two', 'unfinished']);
});

test('a longer file has the whole lines of its last bytes', async (t) => {
  const path = join(await tempDir(t), 'log');
  const line = fc.stringMatching(/^[a-zé]{0,9}$/);
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.integer({ min: 1, max: 60 }), (lines, maxBytes) => {
      writeFileSync(path, lines.map((each) => `${each}\n`).join(''));
      const expected: string[] = [];
      let bytes = 0;
      for (const each of lines.toReversed()) {
        bytes += Buffer.byteLength(each) + 1;
        if (bytes > maxBytes) break;
        expected.unshift(each);
      }
      t.deepEqual(readLastLines(path, maxBytes).lines(), expected);
    }),
  );
});
