/** The control word: each frame is either claimed by one worker or taken back. */
import { deepStrictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import {
  claim,
  cursorOf,
  generationOf,
  limitOf,
  MAX_BATCH_FRAMES,
  offer,
  takeBack,
  type WordAt,
} from '../../workers/control-word.ts';

const wordAt = (): WordAt => ({ words: new Int32Array(new SharedArrayBuffer(12)), index: 1 });
const read = ({ words, index }: WordAt): number => Atomics.load(words, index);
const generationAt = (at: WordAt): number => generationOf(read(at));

test('the maximum of frames is claimed one by one, and then no more', (t) => {
  const at = wordAt();
  offer(at, MAX_BATCH_FRAMES);
  const claimed = Array.from({ length: MAX_BATCH_FRAMES + 1 }, () => claim(at, generationAt(at)));
  t.deepEqual(claimed, [...Array(MAX_BATCH_FRAMES).keys(), -1]);
});

test('only unclaimed frames are taken back, and only once', (t) => {
  const at = wordAt();
  offer(at, 5);
  claim(at, generationAt(at));
  claim(at, generationAt(at));
  t.deepEqual(
    [takeBack(at), takeBack(at)],
    [
      { from: 2, to: 5 },
      { from: 2, to: 2 },
    ],
  );
  t.is(claim(at, generationAt(at)), -1);
});

test('a worker that holds an earlier batch claims no frame of a later one', (t) => {
  const at = wordAt();
  offer(at, 5);
  const earlier = generationAt(at);
  offer(at, 3);
  t.is(claim(at, earlier), -1);
  t.deepEqual(takeBack(at), { from: 0, to: 3 });
});

test('each use of a slot has a new generation, and taking back does not change it', (t) => {
  const at = wordAt();
  for (let use = 0; use < 600; use += 1) {
    const before = generationAt(at);
    offer(at, use);
    const now = generationAt(at);
    t.not(now, before);
    takeBack(at);
    t.is(generationAt(at), now);
  }
});

test('the adjacent words stay unchanged', (t) => {
  const at = wordAt();
  offer(at, MAX_BATCH_FRAMES);
  for (let frame = 0; frame < 5000; frame += 1) claim(at, generationAt(at));
  takeBack(at);
  t.deepEqual([at.words[0], at.words[2]], [0, 0]);
});

test('the fields of the word are those that were offered', (t) => {
  const fields = fc.property(fc.nat(MAX_BATCH_FRAMES), fc.nat(600), (frames, claims) => {
    const at = wordAt();
    for (let use = 0; use <= claims; use += 1) offer(at, frames);
    for (let frame = 0; frame < claims; frame += 1) claim(at, generationAt(at));
    deepStrictEqual(
      [generationAt(at), limitOf(read(at)), cursorOf(read(at))],
      [(claims + 1) % 256, frames, Math.min(frames, claims)],
    );
  });
  t.notThrows(() => fc.assert(fields, { numRuns: 200 }));
});

test('in any order of two claimers and one that takes back, each frame has one owner', (t) => {
  const anyActors = fc.array(fc.constantFrom('first', 'second', 'take'), { maxLength: 60 });
  const partition = fc.property(fc.nat(40), anyActors, (frames, actors) => {
    const at = wordAt();
    offer(at, frames);
    const owned: number[] = [];
    const act = (actor: string): void => {
      if (actor !== 'take') {
        const frame = claim(at, generationAt(at));
        if (frame >= 0) owned.push(frame);
        return;
      }
      const { from, to } = takeBack(at);
      for (let frame = from; frame < to; frame += 1) owned.push(frame);
    };
    for (const actor of actors) act(actor);
    act('take');
    deepStrictEqual(owned, [...Array(frames).keys()]);
  });
  t.notThrows(() => fc.assert(partition, { numRuns: 500 }));
});

/** A thread that claims all frames it can and reports them; the main thread takes back at the same time. */
const CLAIMER = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { claim, generationOf } = await import(workerData.module);
  const { words } = workerData;
  const at = { words, index: 1 };
  parentPort.on('message', () => {
    Atomics.add(words, 0, 1);
    while (Atomics.load(words, 0) < 3);
    const generation = generationOf(Atomics.load(words, 1));
    const claimed = [];
    for (let frame = claim(at, generation); frame >= 0; frame = claim(at, generation)) claimed.push(frame);
    parentPort.postMessage(claimed);
  });
`;

test('threads that claim while the main thread takes back partition the frames', async (t) => {
  const at = wordAt();
  const workerData = { words: at.words, module: new URL('../../workers/control-word.ts', import.meta.url).href };
  const source = new URL(`data:text/javascript,${encodeURIComponent(CLAIMER)}`);
  const claimers = [new Worker(source, { workerData }), new Worker(source, { workerData })];
  for (let round = 0; round < 200; round += 1) {
    Atomics.store(at.words, 0, 0);
    offer(at, 500);
    const claimed = claimers.map((claimer) => once(claimer, 'message') as Promise<[number[]]>);
    for (const claimer of claimers) claimer.postMessage(round);
    while (Atomics.load(at.words, 0) < 2);
    Atomics.add(at.words, 0, 1);
    for (let spin = 0; spin < round * 20; spin += 1) cursorOf(read(at));
    const { from, to } = takeBack(at);
    const frames = (await Promise.all(claimed)).flatMap(([some]) => some);
    for (let frame = from; frame < to; frame += 1) frames.push(frame);
    deepStrictEqual(
      frames.sort((a, b) => a - b),
      [...Array(500).keys()],
    );
  }
  await Promise.all(claimers.map((claimer) => claimer.terminate()));
  t.pass();
});
