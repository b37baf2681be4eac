/** Mutates valid payloads and frames. All random choices come from the seed. */
import { encodeFrame } from '../../wire/frame.ts';
import type { Random } from '../random.ts';
import { HUGE, NOT_UTF8, SEEDS, TOKENS } from './seeds.ts';

type Mutation = (payload: Buffer, random: Random) => Buffer;

const MAX_MUTATIONS = 4;
/** Longer payloads are not mutated further, to bound copies and growth. */
const MAX_BYTES = 256 * 1024;
const DEPTHS = [1, 10, 100, 1_000, 20_000];
const RARELY = 0.02;

function insert(payload: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([payload.subarray(0, at), piece, payload.subarray(at)]);
}

const somewhere = (payload: Buffer, random: Random): number => random.between(0, payload.length);

function range(payload: Buffer, random: Random): [number, number] {
  const start = somewhere(payload, random);
  return [start, Math.min(payload.length, start + random.between(0, 16))];
}

const flipBit: Mutation = (payload, random) => {
  if (payload.length === 0) return payload;
  const changed = Buffer.from(payload);
  const at = random.between(0, payload.length - 1);
  changed[at] = (changed[at] as number) ^ (1 << random.between(0, 7));
  return changed;
};

const truncate: Mutation = (payload, random) => payload.subarray(0, somewhere(payload, random));

const remove: Mutation = (payload, random) => {
  const [start, end] = range(payload, random);
  return Buffer.concat([payload.subarray(0, start), payload.subarray(end)]);
};

const repeat: Mutation = (payload, random) => {
  const [start, end] = range(payload, random);
  return insert(payload, end, payload.subarray(start, end));
};

const splice: Mutation = (payload, random) => {
  const other = random.pick(SEEDS);
  return Buffer.concat([payload.subarray(0, somewhere(payload, random)), other.subarray(somewhere(other, random))]);
};

const insertToken: Mutation = (payload, random) =>
  insert(payload, somewhere(payload, random), random.pick(random.chance(0.2) ? NOT_UTF8 : TOKENS));

const insertNoise: Mutation = (payload, random) =>
  insert(payload, somewhere(payload, random), random.bytes(random.between(1, 8)));

/** latin1 keeps every byte. */
const changeNumber: Mutation = (payload, random) => {
  const text = payload.toString('latin1');
  const numbers = [...text.matchAll(/-?\d+(\.\d+)?/g)];
  if (numbers.length === 0) return payload;
  const { index, 0: number } = random.pick(numbers);
  return Buffer.from(text.slice(0, index) + random.pick(HUGE) + text.slice(index + number.length), 'latin1');
};

const repeatKey: Mutation = (payload, random) => {
  const at = payload.indexOf('{');
  const key = random.pick(['id', 'method', 'params', 'timeoutMs', 'jsonrpc', '__proto__', 'i\\u0064']);
  const value = random.pick(['1', '"x"', 'null', '{}', '[]', '{"id":1}', '"$/cancelRequest"', ...HUGE]);
  return at < 0 ? payload : insert(payload, at + 1, Buffer.from(`"${key}":${value},`));
};

const nest: Mutation = (payload, random) => {
  const depth = random.pick(random.chance(RARELY) ? DEPTHS : DEPTHS.slice(0, 3));
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['[', ''],
  ] as const);
  const [start, end] = random.chance(0.5) ? [0, payload.length] : range(payload, random);
  return Buffer.concat([
    payload.subarray(0, start),
    Buffer.from(open.repeat(depth)),
    payload.subarray(start, end),
    Buffer.from(close.repeat(depth)),
    payload.subarray(end),
  ]);
};

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  truncate,
  remove,
  repeat,
  splice,
  insertToken,
  insertToken,
  insertNoise,
  changeNumber,
  changeNumber,
  repeatKey,
  nest,
];

/** A payload derived from a valid one. Some results are still valid. */
export function mutate(random: Random, from: Buffer = random.pick(SEEDS)): Buffer {
  let payload = from;
  for (let left = random.between(0, MAX_MUTATIONS); left > 0 && payload.length < MAX_BYTES; left -= 1) {
    payload = random.pick(MUTATIONS)(payload, random);
  }
  return payload;
}

const LENGTHS = [-1, -2, 0, 1, 3, 255, 256, 65_535, 2 ** 26, 2 ** 26 + 1, 2 ** 31 - 1, -(2 ** 31)];

/** A frame whose header may be wrong: in its length, in its form, or truncated. */
export function mutateFrame(random: Random, payload: Buffer): Buffer {
  const long = random.chance(0.3);
  const header = Buffer.alloc(long ? 12 : 4);
  if (long) {
    header.writeInt32BE(-1, 0);
    header.writeBigUInt64BE(random.pick([BigInt(payload.length), 0n, 2n ** 26n + 1n, 2n ** 53n, 2n ** 64n - 1n]), 4);
  } else {
    header.writeInt32BE(random.pick([payload.length - 1, payload.length, payload.length + 1, ...LENGTHS]), 0);
  }
  const frame = random.chance(0.2) ? encodeFrame(payload) : Buffer.concat([header, payload]);
  return random.chance(0.3) ? frame.subarray(0, somewhere(frame, random)) : frame;
}
