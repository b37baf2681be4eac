/** The notice that an agent closes with, and how clients say that they understand it. */
import test from 'ava';
import fc from 'fast-check';
import { decodeClosing, encodeClosing, isLongForm, longHeader } from '../../wire/closing.ts';
import { encodeFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';

test('what is written is read, whatever the number', (t) => {
  const property = fc.property(fc.maxSafeNat(), (run) => decodeClosing(encodeClosing(run)) === run);
  t.notThrows(() => fc.assert(property));
});

test('the same bytes in the short form are a reply like any other', (t) => {
  const payload = encodeClosing(3).subarray(12);
  t.is(decodeClosing(encodeFrame(payload)), undefined);
});

test('whatever stands in a frame of the long form, it is a notice or it is not', (t) => {
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

test('to who knows nothing of it, the long form is a frame', (t) => {
  const frames: string[] = [];
  const announced = Buffer.concat([longHeader(2), Buffer.from('hi')]);
  t.true(isLongForm(announced));
  createFrameReader().push(announced, (run) => forEachFrame(run, (payload) => frames.push(String(payload))));
  t.deepEqual(frames, ['hi']);
});
