/** The closing notice of an agent, and how clients state that they understand it. */
import test from 'ava';
import fc from 'fast-check';
import { decodeClosing, encodeClosing, isLongForm, longHeader } from '../../wire/closing.ts';
import { encodeFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';

test('a written notice is read back, whatever its number', (t) => {
  const property = fc.property(fc.maxSafeNat(), (run) => decodeClosing(encodeClosing(run)) === run);
  t.notThrows(() => fc.assert(property));
});

test('the same bytes in the short form are an ordinary reply', (t) => {
  const payload = encodeClosing(3).subarray(12);
  t.is(decodeClosing(encodeFrame(payload)), undefined);
});

test('in any frame of the long form, a valid notice is found and nothing else is taken for one', (t) => {
  const anything = fc.oneof(
    fc.uint8Array(),
    fc.json().map(Buffer.from),
    fc
      .record({ method: fc.constant('$/closing'), params: fc.jsonValue() })
      .map((value) => Buffer.from(JSON.stringify(value))),
  );
  const property = fc.property(anything, (bytes) => {
    const run = decodeClosing(Buffer.concat([longHeader(bytes.length), bytes]));
    return run === undefined || (Number.isSafeInteger(run) && run >= 0);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1_000 }));
});

test('a reader that does not know the notice sees a frame', (t) => {
  const frames: string[] = [];
  const announced = Buffer.concat([longHeader(2), Buffer.from('hi')]);
  t.true(isLongForm(announced));
  createFrameReader().push(announced, (run) => forEachFrame(run, (payload) => frames.push(String(payload))));
  t.deepEqual(frames, ['hi']);
});
