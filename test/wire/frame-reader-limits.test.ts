/** What a frame reader refuses, and how little memory an unauthenticated client can make it allocate. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { encodeFrame } from '../../wire/frame.ts';
import { createFrameReader, type FrameLimits, type FrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';

const TOO_LARGE = 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE';
const INVALID = 'ERR_LAUNCHPOOL_FRAME_INVALID';
const MIB = 1024 * 1024;

const frame = (text: string): Buffer => encodeFrame(Buffer.from(text));
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Pushes chunks until one is refused; returns the payloads and the code of the refusal. */
function read(reader: FrameReader, chunks: readonly Buffer[]): { texts: string[]; code: string | undefined } {
  const texts: string[] = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk, (run) => forEachFrame(run, (payload) => texts.push(payload.toString('latin1'))));
    }
  } catch (error) {
    return { texts, code: (error as { code: string }).code };
  }
  return { texts, code: undefined };
}

/** The same bytes as one chunk, and byte by byte. */
const WAYS: readonly [way: string, chunksOf: (stream: Buffer) => Buffer[]][] = [
  ['in one chunk', (stream) => [stream]],
  ['byte by byte', (stream) => [...stream].map((byte) => Buffer.from([byte]))],
];

for (const [way, chunksOf] of WAYS) {
  const readAll = (limits: Partial<FrameLimits>, ...pieces: Buffer[]): ReturnType<typeof read> =>
    read(createFrameReader(limits), chunksOf(Buffer.concat(pieces)));

  test(`a frame of exactly the maximum is accepted ${way}`, (t) => {
    t.deepEqual(readAll({ maxFrameBytes: 4 }, frame('four')), { texts: ['four'], code: undefined });
  });

  test(`a frame over the maximum is refused from its header ${way}, behind the frames before it`, (t) => {
    const read = readAll({ maxFrameBytes: 4 }, frame('one'), frame('two'), hex('00000005'));
    t.deepEqual(read, { texts: ['one', 'two'], code: TOO_LARGE });
  });

  test(`a frame over the maximum is refused from its long header ${way}`, (t) => {
    const read = readAll({ maxFrameBytes: 4 }, frame('one'), hex('ffffffff0000000000000005'));
    t.deepEqual(read, { texts: ['one'], code: TOO_LARGE });
  });

  test(`a length of 2^64 - 1 is refused ${way}`, (t) => {
    t.deepEqual(readAll({}, hex('ffffffffffffffffffffffff')), { texts: [], code: TOO_LARGE });
  });

  test(`a negative length other than -1 is refused ${way}, behind the frames before it`, (t) => {
    t.deepEqual(readAll({}, frame('one'), hex('fffffffe')), { texts: ['one'], code: INVALID });
  });

  test(`a maximum of 0 bytes still accepts empty frames ${way}`, (t) => {
    const read = readAll({ maxFrameBytes: 0 }, frame(''), frame(''), frame('x'));
    t.deepEqual(read, { texts: ['', ''], code: TOO_LARGE });
  });
}

test('by default, a frame may have 64 MiB and not a byte more', (t) => {
  t.is(read(createFrameReader(), [hex('04000000')]).code, undefined);
  t.is(read(createFrameReader(), [hex('04000001')]).code, TOO_LARGE);
});

for (const header of ['00000005', 'ffffffff0000000000000005', 'ffffffffffffffffffffffff', 'fffffffe']) {
  test(`a refused frame is forgotten, wherever ${header} is cut: further reading does not find it again`, (t) => {
    for (let cut = 1; cut < header.length / 2; cut += 1) {
      const reader = createFrameReader({ maxFrameBytes: 4 });
      const chunks = [frame('one'), hex(header.slice(0, 2 * cut)), hex(header.slice(2 * cut))];
      t.true([TOO_LARGE, INVALID].includes(read(reader, chunks).code ?? ''));
      t.deepEqual([reader.target(), reader.announcedBytes, reader.heldBytes], [undefined, 0, 0]);
    }
  });
}

test('a frame over the maximum is refused before any of it is kept', (t) => {
  const reader = createFrameReader({ maxFrameBytes: 4 });
  t.is(read(reader, [Buffer.concat([hex('00000005'), Buffer.alloc(5)])]).code, TOO_LARGE);
  t.is(reader.heldBytes, 0);
});

for (const [way, chunksOf] of WAYS) {
  test(`limits that change with a frame apply to the very next frame ${way}`, (t) => {
    const reader = createFrameReader({ maxFrameBytes: 4, maxRunFrames: 1 });
    const seen: string[] = [];
    const chunks = chunksOf(Buffer.concat(['open', 'a longer one', 'x', 'another'].map(frame)));
    const push = (): void => {
      for (const chunk of chunks) {
        reader.push(chunk, (run) => {
          const text = run.toString('latin1', 4);
          seen.push(text);
          if (text === 'open') reader.limits = { maxFrameBytes: 100, maxRunFrames: 1 };
          if (text === 'x') reader.limits = { maxFrameBytes: 6, maxRunFrames: 1 };
        });
      }
    };
    t.throws(push, { code: TOO_LARGE });
    t.deepEqual(seen, ['open', 'a longer one', 'x']);
  });
}

/** A simple parser for a stream that is complete. */
function readSimply(stream: Buffer, maxFrameBytes: number): { texts: string[]; code: string | undefined } {
  const texts: string[] = [];
  for (let at = 0; at + 4 <= stream.length; ) {
    const length = stream.readInt32BE(at);
    if (length < -1) return { texts, code: INVALID };
    if (length === -1 && at + 12 > stream.length) break;
    const size = length === -1 ? stream.readBigUInt64BE(at + 4) : BigInt(length);
    if (size > maxFrameBytes) return { texts, code: TOO_LARGE };
    const start = at + (length === -1 ? 12 : 4);
    at = start + Number(size);
    if (at <= stream.length) texts.push(stream.toString('latin1', start, at));
  }
  return { texts, code: undefined };
}

test('random bytes, however cut, give the same frames and refusals as a simple parser', (t) => {
  const scrap = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom('00000000', '00000002', '00000009', 'ffffffff00000000', '0000000a', 'ffffffff').map(hex),
  );
  const property = fc.property(fc.array(scrap), fc.array(fc.nat(8)), (scraps, lengths) => {
    const stream = Buffer.concat(scraps);
    const reader = createFrameReader({ maxFrameBytes: 9 });
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; ) {
      const length = 1 + (lengths[chunks.length % lengths.length] ?? 0);
      chunks.push(stream.subarray(at, at + length));
      at += length;
    }
    deepStrictEqual(read(reader, chunks), readSimply(stream, 9));
    ok(reader.heldBytes <= 9 + 12);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
});

/** How much memory outside the heap `work` allocates. Memory that is freed at the same time only lowers the result. */
function memoryTaken(work: () => void): number {
  const before = process.memoryUsage().arrayBuffers;
  work();
  return process.memoryUsage().arrayBuffers - before;
}

test('a header that announces 64 MiB allocates hardly any memory', (t) => {
  const reader = createFrameReader();
  const taken = memoryTaken(() => {
    reader.push(hex('04000000'), () => undefined);
    reader.push(Buffer.alloc(100), () => undefined);
  });
  t.is(reader.heldBytes, 104);
  t.true(taken < 128 * 1024, `${taken} bytes`);
});

test('the memory for a long frame grows with the bytes that have arrived', (t) => {
  const reader = createFrameReader();
  const chunk = Buffer.alloc(64 * 1024);
  reader.push(hex('04000000'), () => undefined);
  let arrived = 0;
  const taken = memoryTaken(() => {
    for (; arrived < 3 * MIB; arrived += chunk.length) reader.push(chunk, () => undefined);
  });
  t.is(reader.heldBytes, arrived + 4);
  t.true(taken < 6 * arrived, `${taken} bytes for ${arrived}`);
});

test('a frame of 1 MiB that arrives byte by byte is assembled within bounded memory', (t) => {
  const payload = Buffer.allocUnsafe(MIB);
  for (let at = 0; at < MIB; at += 4) payload.writeUInt32BE(at, at);
  const stream = encodeFrame(payload);
  const reader = createFrameReader();
  const runs: Buffer[] = [];
  const taken = memoryTaken(() => {
    for (let at = 0; at < stream.length; at += 1) reader.push(stream.subarray(at, at + 1), (run) => runs.push(run));
  });
  t.is(runs.length, 1);
  t.true(runs[0]?.equals(stream));
  t.is(reader.heldBytes, 0);
  t.true(taken < 4 * MIB, `${taken} bytes`);
});

test('a frame that arrives whole allocates no memory beyond its own', (t) => {
  const runs: Buffer[] = [];
  const reader = createFrameReader();
  const stream = encodeFrame(Buffer.alloc(MIB));
  reader.push(stream.subarray(0, 10), (run) => runs.push(run));
  reader.push(stream.subarray(10), (run) => runs.push(run));
  t.is(runs[0]?.buffer.byteLength, stream.length);
});
