import { PassThrough } from 'node:stream';
import test from 'ava';
import fc from 'fast-check';
import { createLineReader, createLineWriter } from '../../../src/mcp/lines.ts';

/** What a reader makes of chunks: the lines, and a null for each that is too long. */
function linesOf(chunks: readonly Buffer[], maxBytes?: number): (string | null)[] {
  const lines: (string | null)[] = [];
  const events = { onLine: (line: Buffer) => lines.push(line.toString()), onTooLong: () => lines.push(null) };
  const reader = createLineReader(events, maxBytes);
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return lines;
}

/** The bytes cut at some places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...sorted, bytes.length].map((end, index) => bytes.subarray(sorted[index - 1] ?? 0, end));
}

const line = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, ''));
const places = fc.array(fc.nat(400), { maxLength: 20 });

test('lines come whole, however they are cut, with either end, and empty ones are left out', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n'))), line, places, (whole, last, cuts) => {
      const bytes = Buffer.from(whole.map(([text, end]) => text + end).join('') + last);
      const expected = [...whole.map(([text]) => text), last].filter((text) => text !== '');
      t.deepEqual(linesOf(cut(bytes, cuts)), expected);
    }),
  );
});

test('a line that is too long is reported once, and the next one is read', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 11, max: 60 }), places, (length, cuts) => {
      const bytes = Buffer.from(`ok\n${'x'.repeat(length)}\nnext\n`);
      t.deepEqual(linesOf(cut(bytes, cuts), 10), ['ok', null, 'next']);
    }),
  );
  t.deepEqual(linesOf([Buffer.from(`${'x'.repeat(10)}\n`)], 10), ['x'.repeat(10)]);
});

test('a message is one line, and a client that does not read is waited for', async (t) => {
  const stream = new PassThrough({ highWaterMark: 10 });
  const output = createLineWriter(stream);
  await output.drained();
  output.write({ text: 'a\nb' });
  let isDrained = false;
  const drained = output.drained().then(() => {
    isDrained = true;
  });
  await new Promise(setImmediate);
  t.false(isDrained);
  t.is(stream.read().toString(), '{"text":"a\\nb"}\n');
  await drained;
  stream.destroy();
  output.write({ late: true });
  await output.drained();
});
