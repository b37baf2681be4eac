/** The walk over whole frames finds each frame once, in order, with its payload. */
import test from 'ava';
import fc from 'fast-check';
import { longHeader } from '../../wire/closing.ts';
import { encodeFrame } from '../../wire/frame.ts';
import { countFrames, FrameWalk, spanOf } from '../../wire/frame-walk.ts';

type Given = { payload: Uint8Array; isLongForm: boolean };

const frameOf = ({ payload, isLongForm }: Given): Buffer =>
  isLongForm ? Buffer.concat([longHeader(payload.length), payload]) : encodeFrame(payload);
const frames = fc.array(fc.record({ payload: fc.uint8Array({ maxLength: 40 }), isLongForm: fc.boolean() }));

test('the walk finds the frames of any run, in either form of their headers', (t) => {
  fc.assert(
    fc.property(frames, fc.uint8Array({ maxLength: 9 }), (given, before) => {
      const encoded = given.map(frameOf);
      const bytes = Buffer.concat([before, ...encoded]);
      const found: Buffer[] = [];
      const payloads: Buffer[] = [];
      const walk = new FrameWalk(bytes, before.length);
      while (walk.next()) {
        found.push(walk.frame);
        payloads.push(walk.payload);
      }
      return (
        found.length === given.length &&
        found.every((frame, index) => frame.equals(encoded[index] as Buffer)) &&
        payloads.every((payload, index) => payload.equals((given[index] as Given).payload)) &&
        walk.end === bytes.length &&
        !walk.next()
      );
    }),
  );
  t.pass();
});

test('a limit ends the walk before the rest of the bytes', (t) => {
  const [first, second] = [encodeFrame(Buffer.from('a')), encodeFrame(Buffer.from('bc'))];
  const walk = new FrameWalk(Buffer.concat([first, second]), 0, first.length);
  t.true(walk.next());
  t.is(walk.payload.toString(), 'a');
  t.false(walk.next());
});

test('a span has as many frames as both limits allow', (t) => {
  fc.assert(
    fc.property(frames, fc.nat(8), fc.nat(120), (given, maxFrames, maxBytes) => {
      const encoded = given.map(frameOf);
      const run = Buffer.concat(encoded);
      const span = spanOf(run, 0, maxFrames, maxBytes);
      let [count, end] = [0, 0];
      for (const { length } of encoded) {
        if (count === maxFrames || end + length > maxBytes) break;
        count += 1;
        end += length;
      }
      return span.frames === count && span.end === end && countFrames(run) === given.length;
    }),
  );
  t.pass();
});
