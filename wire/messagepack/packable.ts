/**
 * Makes of any value what MessagePack carries: the values of JSON, and Uint8Array, Date, Map, Set, BigInt, NaN and Infinity.
 * Everything else is refused with its place.
 */
import { types } from 'node:util';
import { nameOfMember, opaqueName } from '../json-loss.ts';
import { MAX_DEPTH as MAX_READ_DEPTH } from './validate.ts';

// The module on the same thread may change the global objects.
const { isArray } = Array;
const { keys: keysOf } = Object;
const { isSafeInteger } = Number;
const { isBoxedPrimitive, isDate, isMap, isSet, isUint8Array } = types;
const isWellFormed = Function.prototype.call.bind(String.prototype.isWellFormed) as (text: string) => boolean;
const timeOf = Function.prototype.call.bind(Date.prototype.getTime) as (date: Date) => number;

/** Less than what is read, for the levels of the envelope. */
const MAX_DEPTH = MAX_READ_DEPTH - 12;

/** What such values are packed as. The results are values that the packer takes as they are. */
export type Extensions = {
  bytes(value: Uint8Array): unknown;
  /** @param pairs packable. */
  map(pairs: readonly (readonly [unknown, unknown])[]): unknown;
  /** @param values packable. */
  set(values: readonly unknown[]): unknown;
  bigInt(value: bigint): unknown;
  /** A whole number of more than 32 bits: a float in other languages, unless it is packed as an integer. */
  integer(value: number): unknown;
  /** Those for what is in a Map or a Set. */
  inside: Extensions;
};

/** A value that MessagePack does not carry. */
export class NotPackable extends Error {
  readonly what: string;
  /** Where it is, such as `.users[3]`. */
  path = '';
  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

/** @throws NotPackable, and what a getter and a `toJSON` throw. */
export function toPackable(value: unknown, extensions: Extensions): unknown {
  return convert(value, extensions, 0);
}

function convert(value: unknown, extensions: Extensions, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      if (!isWellFormed(value)) throw new NotPackable('text with half of a surrogate pair');
      return value;
    case 'number':
      return isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000) ? extensions.integer(value) : value;
    case 'bigint':
      return extensions.bigInt(value);
    case 'function':
      throw new NotPackable('a function');
    case 'symbol':
      throw new NotPackable('a symbol');
    case 'object':
      return value === null ? null : convertObject(value, extensions, depth);
    default:
      return value ?? null;
  }
}

function convertObject(value: object, extensions: Extensions, depth: number): unknown {
  if (depth >= MAX_DEPTH) throw new NotPackable(`a value that is nested more deeply than ${MAX_DEPTH}, or in a circle`);
  if (isArray(value)) return convertItems(value, extensions, depth);
  if (isUint8Array(value)) return convertBytes(value, extensions);
  if (isDate(value)) {
    if (Number.isNaN(timeOf(value))) throw new NotPackable('an invalid Date');
    return value;
  }
  if (isMap(value)) return extensions.map(convertPairs(value, extensions.inside, depth));
  if (isSet(value)) return extensions.set(convertItems([...value], extensions.inside, depth + 1));
  const name = opaqueName(value);
  if (name !== undefined) throw new NotPackable(name);
  if (isBoxedPrimitive(value)) return convert(value.valueOf(), extensions, depth);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return convert(Reflect.apply(toJSON, value, ['']), extensions, depth + 1);
  return convertMembers(value as Record<string, unknown>, extensions, depth);
}

function convertBytes(bytes: Uint8Array, { bytes: pack }: Extensions): unknown {
  if (bytes.length === 0 && (bytes.buffer as ArrayBuffer).detached)
    throw new NotPackable('a Uint8Array without memory');
  return pack(bytes);
}

function convertItems(items: readonly unknown[], extensions: Extensions, depth: number): unknown[] {
  const converted: unknown[] = [];
  for (let index = 0; index < items.length; index += 1)
    converted[index] = within(items[index], extensions, depth + 1, () => `[${index}]`);
  return converted;
}

function convertPairs(map: ReadonlyMap<unknown, unknown>, extensions: Extensions, depth: number): [unknown, unknown][] {
  const pairs: [unknown, unknown][] = [];
  for (const [key, value] of map) {
    pairs.push([
      within(key, extensions, depth + 3, () => ' (a key)'),
      within(value, extensions, depth + 3, () => `.get(${textOfKey(key)})`),
    ]);
  }
  return pairs;
}

function convertMembers(object: Record<string, unknown>, extensions: Extensions, depth: number): object {
  const converted: Record<string, unknown> = {};
  for (const key of keysOf(object)) {
    const value = object[key];
    if (value === undefined) continue;
    if (key === '__proto__') throw new NotPackable('a member __proto__');
    if (!isWellFormed(key)) throw new NotPackable('a key with half of a surrogate pair');
    converted[key] = within(value, extensions, depth + 1, () => nameOfMember(key));
  }
  return converted;
}

/** @param place where the value is in its holder. */
function within(value: unknown, extensions: Extensions, depth: number, place: () => string): unknown {
  try {
    return convert(value, extensions, depth);
  } catch (thrown) {
    if (thrown instanceof NotPackable) thrown.path = `${place()}${thrown.path}`;
    throw thrown;
  }
}

function textOfKey(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  return typeof key === 'object' || typeof key === 'function' ? '…' : String(key);
}
