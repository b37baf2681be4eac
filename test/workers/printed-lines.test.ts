/** Lines of what is written in any pieces. */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import test from 'ava';
import fc from 'fast-check';
import type { LineFacts } from '../../workers/log-lines.ts';
import { inLines, type Line } from '../../workers/printed-lines.ts';

// Each stream listens for the exit of the process.
process.setMaxListeners(0);

/** A stream, and the lines that come out of it. */
function printed() {
  const lines: Line[] = [];
  const state: { consoleLevel?: number; printing?: LineFacts } = {};
  const sink = new Writable({ decodeStrings: false, write: (_chunk, _encoding, callback) => callback() });
  const stream = inLines(sink, {
    level: 30,
    consoleLevel: () => state.consoleLevel,
    printing: () => state.printing,
    format(line) {
      lines.push(line);
      return `${line.text}\n`;
    },
  });
  return { stream, lines, state, texts: () => lines.map(({ text }) => text) };
}

test('a text in any pieces, of strings and of bytes, has the same lines', (t) => {
  const pieces = fc.array(fc.record({ text: fc.stringMatching(/^[a€😀\n]{0,6}$/u), isBytes: fc.boolean() }));
  fc.assert(
    fc.property(pieces, (all) => {
      const { stream, texts } = printed();
      for (const { text, isBytes } of all) stream.write(isBytes ? Buffer.from(text) : text);
      stream.write('end\n');
      const whole = `${all.map(({ text }) => text).join('')}end`;
      t.deepEqual(texts(), whole.split('\n'));
    }),
  );
});

test('bytes that are cut in the midst of a character', (t) => {
  const { stream, texts } = printed();
  for (const byte of Buffer.from('a€😀\nb\n')) stream.write(Uint8Array.of(byte));
  stream.write('6869', 'hex');
  stream.write('\n');
  t.deepEqual(texts(), ['a€😀', 'b', 'hi']);
});

test('a line has the request that has started it, and a line of the console stands alone', (t) => {
  const { stream, lines, state } = printed();
  state.printing = { method: 'first', request: '1' };
  stream.write('a');
  state.printing = { method: 'second' };
  stream.write('b\nc');
  state.consoleLevel = 50;
  stream.write('several\nlines\n');
  t.deepEqual(lines, [
    { level: 30, printing: { method: 'first', request: '1' }, text: 'ab' },
    { level: 30, printing: { method: 'second' }, text: 'c' },
    { level: 50, printing: { method: 'second' }, text: 'several\nlines' },
  ]);
});

test('a line without an end is written after a while, and a very long one before', async (t) => {
  const { stream, texts } = printed();
  const write = stream.write.bind(stream);
  t.true(write('progress'));
  t.deepEqual(texts(), []);
  await new Promise<void>((resolve) => {
    const check = (): void => void (texts().length > 0 ? resolve() : setTimeout(check, 10));
    check();
  });
  t.deepEqual(texts(), ['progress']);
  write('x'.repeat(70_000));
  t.is(texts()[1]?.length, 70_000);
});

test('callbacks are called, and errors are those of Node', async (t) => {
  const { stream, texts } = printed();
  await new Promise((resolve) => stream.write('part', resolve));
  await new Promise((resolve) => stream.write(' one\n', 'utf8', resolve));
  t.deepEqual(texts(), ['part one']);
  t.throws(() => stream.write(1), { code: 'ERR_INVALID_ARG_TYPE' });
  stream.end();
  const failed = once(stream, 'error');
  stream.write('late');
  t.like((await failed)[0], { code: 'ERR_STREAM_WRITE_AFTER_END' });
});
