/** Copies of bytes, at every length around the limits of the two ways. */
import test from 'ava';
import { bufferCopy, copyInto, ownCopy } from '../../wire/copy.ts';

const LENGTHS = [0, 1, 7, 64, 255, 256, 257, 1023, 1024, 1025, 4096, 65_537];

/** Bytes in shared and in ordinary memory, at an offset. */
function* sources(length: number, at: number): Generator<Uint8Array> {
  for (const memory of [new SharedArrayBuffer(at + length + 8), new ArrayBuffer(at + length + 8)]) {
    const bytes = new Uint8Array(memory, at, length);
    for (let index = 0; index < length; index += 1) bytes[index] = (index * 31 + at) % 251;
    yield bytes;
  }
}

test('the bytes are the same, from and to any kind of memory and at any offset', (t) => {
  for (const length of LENGTHS) {
    for (const at of [0, 1, 4, 8]) {
      for (const source of sources(length, at)) {
        const expected = [...source];
        for (const target of sources(length + 16, 3)) {
          const before = [target[4], target[length + 5]];
          copyInto(target, source, 5);
          t.deepEqual([...target.subarray(5, 5 + length)], expected);
          t.deepEqual([target[4], target[length + 5]], before);
        }
        const whole = new Uint8Array(source.buffer, at, length);
        t.deepEqual([...ownCopy(whole, 0, length)], expected);
        if (length > 2) t.deepEqual([...ownCopy(whole, 1, length - 1)], expected.slice(1, -1));
        t.deepEqual([...bufferCopy(source)], expected);
      }
    }
  }
});

test('a copy of its own is a plain Uint8Array, with memory that nothing else has and that can be transferred', (t) => {
  for (const length of LENGTHS) {
    for (const source of sources(length, 4)) {
      const copy = ownCopy(source, 0, length);
      t.is(Object.getPrototypeOf(copy), Uint8Array.prototype);
      t.deepEqual([copy.buffer.byteLength, copy.byteOffset], [length, 0]);
      t.notThrows(() => structuredClone(copy.buffer, { transfer: [copy.buffer] }));
      t.is(copy.length, 0);
    }
  }
});

test('a copy into memory without room throws and a replaced method of Buffer has no effect', (t) => {
  const source = new Uint8Array(2000).fill(7);
  for (const length of [200, 2000]) {
    t.throws(() => copyInto(new Uint8Array(length), new Uint8Array(length), 1), { instanceOf: RangeError });
  }
  const { copy } = Buffer.prototype;
  Buffer.prototype.copy = () => 0;
  try {
    t.deepEqual([...ownCopy(source, 0, 2000)], [...source]);
  } finally {
    Buffer.prototype.copy = copy;
  }
});
