/** Kinds of input that are meant to keep the main thread of an agent busy, each as the pieces that one connection sends. */
import { encodeFrame, encodeTextFrame, frameHeader } from '../../wire/frame.ts';
import { mutate } from '../corpus/mutations.ts';
import type { Random } from '../random.ts';

export type HostileInput = {
  name: string;
  /** How many connections send it at a time. */
  connections: number;
  /** The pieces that one connection sends, each in a write of its own. */
  pieces: (random: Random) => readonly Buffer[];
  /** Whether the client closes the connection when it has sent everything. */
  leaves?: boolean;
  /** The highest number of milliseconds of the main thread for each mebibyte. */
  maxMsPerMiB: number;
};

const request = (id: unknown, method: string, ...params: unknown[]): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
const cancelOf = (id: unknown): Buffer =>
  encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } }));
const times = <Item>(count: number, item: (nth: number) => Item): Item[] =>
  Array.from({ length: count }, (_no, nth) => item(nth));
const oneRun = (frames: readonly Buffer[]): readonly Buffer[] => [Buffer.concat(frames)];

const OPEN_BYTES = 48_000;
/** Requests that stay open while the rest arrives. */
const openRequests = (count: number, bytes: number): Buffer[] =>
  times(count, (id) => encodeTextFrame(request(id, 'slow', 1_000, id, 'x'.repeat(bytes))));

export const HOSTILE_INPUTS: readonly HostileInput[] = [
  {
    name: 'mutated requests',
    connections: 4,
    pieces: (random) => oneRun(times(2_000, (nth) => encodeFrame(mutate(random.fork(nth))))),
    maxMsPerMiB: 500,
  },
  {
    name: 'cancellations beside long open requests',
    connections: 1,
    pieces: () => oneRun([...openRequests(160, OPEN_BYTES), ...times(3_600, (nth) => cancelOf(`none ${nth}`))]),
    leaves: true,
    maxMsPerMiB: 100,
  },
  {
    name: 'cancellations beside many open requests',
    connections: 4,
    pieces: () => oneRun([...openRequests(1_000, 10), ...times(8_000, (nth) => cancelOf(nth))]),
    leaves: true,
    maxMsPerMiB: 500,
  },
  {
    name: 'requests with deadlines',
    connections: 4,
    pieces: () =>
      oneRun(
        times(4_000, (id) =>
          encodeTextFrame(`{"jsonrpc":"2.0","id":${id},"method":"burn","params":[20],"timeoutMs":50}`),
        ),
      ),
    maxMsPerMiB: 1_500,
  },
  {
    name: 'empty frames',
    connections: 2,
    pieces: () => oneRun(times(50_000, () => frameHeader(0))),
    maxMsPerMiB: 10_000,
  },
  {
    name: 'single bytes',
    connections: 4,
    pieces: () => times(10_000, (nth) => encodeTextFrame(request(1, 'sync', 'x'.repeat(9_950))).subarray(nth, nth + 1)),
    maxMsPerMiB: 60_000,
  },
  {
    name: 'half frames',
    connections: 64,
    pieces: () => [frameHeader(8_000_000), Buffer.alloc(100_000, 0x20)],
    leaves: true,
    maxMsPerMiB: 100,
  },
  {
    name: 'notifications',
    connections: 4,
    pieces: () => oneRun(times(10_000, () => encodeTextFrame('{"jsonrpc":"2.0","method":"nothing"}'))),
    maxMsPerMiB: 2_500,
  },
  {
    name: 'disconnections with open requests',
    connections: 256,
    pieces: () => oneRun(openRequests(60, 200)),
    leaves: true,
    maxMsPerMiB: 300,
  },
  {
    name: 'batches of millions of items',
    connections: 2,
    pieces: () => oneRun([encodeTextFrame(`[${'1,'.repeat(3_200_000)}1]`)]),
    maxMsPerMiB: 60,
  },
  {
    name: 'keys with wrong escapes',
    connections: 2,
    pieces: () =>
      oneRun(times(40, () => encodeTextFrame(`{"timeoutMs":1,${String.raw`"\q":1,`.repeat(5_000)}"id":1}`))),
    maxMsPerMiB: 150,
  },
  {
    name: 'texts of control frames at every place',
    connections: 2,
    pieces: () =>
      oneRun(times(40, () => encodeTextFrame(`{"id":1,"x":"${'timeoutM$/cancelReques'.repeat(2_000)}timeoutMs"}`))),
    maxMsPerMiB: 100,
  },
];
