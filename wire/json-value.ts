/**
 * Copies any value as a value of JSON, within bounds. JSON.stringify() would throw on one BigInt or one cycle and lose the
 * rest: here such a part becomes text in brackets. Never throws, whatever proxies and getters do.
 */
import { types } from 'node:util';

// The module on the same thread may change the global objects.
const { keys: keysOf, defineProperty } = Object;
const { isArray } = Array;
const { isFinite: isFiniteNumber } = Number;
const { isView } = ArrayBuffer;
const { apply } = Reflect;
const { isBoxedPrimitive, isNativeError } = types;
const toText = String;

/** What may still be copied; a copy subtracts from it. */
export type Budget = { characters: number };

export type JsonObject = { [key: string]: unknown };

/** Deeper objects and arrays become text. */
const MAX_DEPTH = 32;
/** The toJSON() of a Buffer would make an array of all bytes. */
const MAX_BINARY_BYTES = 1_024;
/** A BigInt beyond is not written out, which takes longer than linear time. */
const MAX_BIGINT = 10n ** 100n;

const UNREADABLE = '[Unreadable]';

/**
 * The value as JSON.stringify() would write it, but for parts that JSON does not have. `undefined` stays.
 * @param budget when it is used up, the rest is left out, and text says how much.
 */
export function toJsonValue(value: unknown, budget: Budget): unknown {
  return copy(value, budget, []);
}

/** The members of an object whose keys are not excluded; empty if they cannot be read, and for bytes and text. */
export function toJsonMembers(value: object, budget: Budget, isExcluded: (key: string) => boolean): JsonObject {
  const members: JsonObject = {};
  try {
    if (!isView(value) && !isBoxedPrimitive(value)) copyMembers(value, members, budget, [value], isExcluded);
  } catch {
    // A proxy may refuse its keys.
  }
  return members;
}

/** The text, or its beginning and its length. */
export function takeText(text: string, budget: Budget, maxCharacters = Number.POSITIVE_INFINITY): string {
  const room = budget.characters < maxCharacters ? budget.characters : maxCharacters;
  if (text.length <= room) {
    budget.characters -= text.length;
    return text;
  }
  const kept = room < 0 ? 0 : room;
  budget.characters -= kept;
  return `${text.slice(0, kept)}… [${text.length} characters]`;
}

export function bigIntText(value: bigint): string {
  return value > -MAX_BIGINT && value < MAX_BIGINT ? toText(value) : 'of over 100 digits';
}

function copy(value: unknown, budget: Budget, holders: object[]): unknown {
  switch (typeof value) {
    case 'string':
      budget.characters -= 2;
      return takeText(value, budget);
    case 'number':
      budget.characters -= toText(value).length + 1;
      return isFiniteNumber(value) ? value : null;
    case 'bigint':
      return mark('BigInt', bigIntText(value), budget);
    case 'symbol':
      return mark('Symbol', value.description ?? '', budget);
    case 'function':
      return mark('Function', nameOf(value), budget);
    case 'object':
      break;
    default:
      budget.characters -= 6;
      return value;
  }
  budget.characters -= 4;
  if (value === null) return null;
  const depth = holders.length;
  try {
    return copyObject(value, budget, holders);
  } catch {
    holders.length = depth;
    return UNREADABLE;
  }
}

function copyObject(value: object, budget: Budget, holders: object[]): unknown {
  for (let index = 0; index < holders.length; index += 1) if (holders[index] === value) return '[Circular]';
  if (holders.length === MAX_DEPTH) return isArray(value) ? '[Array]' : '[Object]';
  if (isView(value) && value.byteLength > MAX_BINARY_BYTES) return `[${value.byteLength} bytes]`;
  if (isBoxedPrimitive(value)) return copy(value.valueOf(), budget, holders);
  holders[holders.length] = value;
  const { toJSON } = value as { toJSON?: unknown };
  const own: unknown = typeof toJSON === 'function' ? apply(toJSON, value, ['']) : value;
  let result: unknown;
  if (typeof own !== 'object' || own === null) result = copy(own, budget, holders);
  else if (isArray(own)) result = copyItems(own, budget, holders);
  else {
    const members: JsonObject = isNativeError(own) ? describeError(own, budget) : {};
    copyMembers(own, members, budget, holders);
    result = members;
  }
  holders.length -= 1;
  return result;
}

function copyItems(items: readonly unknown[], budget: Budget, holders: object[]): unknown[] {
  const copies: unknown[] = [];
  const { length } = items;
  for (let index = 0; index < length; index += 1) {
    if (budget.characters <= 0) {
      copies[index] = `[${length - index} more]`;
      break;
    }
    copies[index] = copy(read(items, index), budget, holders) ?? null;
  }
  return copies;
}

function copyMembers(
  from: object,
  to: JsonObject,
  budget: Budget,
  holders: object[],
  isExcluded?: (key: string) => boolean,
): void {
  const keys = keysOf(from);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (isExcluded?.(key)) continue;
    if (budget.characters <= 0) {
      to['…'] = `[${keys.length - index} more]`;
      return;
    }
    budget.characters -= 4;
    const name = takeText(key, budget);
    const value = copy(read(from, key), budget, holders);
    if (value === undefined) continue;
    // An assignment of __proto__ would change the prototype.
    defineProperty(to, name, { value, enumerable: true, writable: true, configurable: true });
  }
}

/** An error in data has its message, which JSON.stringify() leaves out. */
function describeError(error: Error, budget: Budget): JsonObject {
  return { name: copy(read(error, 'name'), budget, []), message: copy(read(error, 'message'), budget, []) };
}

function read(from: object, key: string | number): unknown {
  try {
    return (from as Record<string | number, unknown>)[key];
  } catch {
    return UNREADABLE;
  }
}

function nameOf(value: object): string {
  const name = read(value, 'name');
  return typeof name === 'string' ? name : '';
}

function mark(kind: string, text: string, budget: Budget): string {
  budget.characters -= kind.length + 4;
  return text === '' ? `[${kind}]` : `[${kind}: ${takeText(text, budget)}]`;
}
