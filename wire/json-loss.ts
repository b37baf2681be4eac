/** Finds what JSON would change without a word: `{}` in place of a Map, null in place of NaN, nothing in place of a function. */

// The module on the same thread may change the global objects.
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { getPrototypeOf, prototype: objectPrototype } = Object;
const { isFinite: isFiniteNumber } = Number;
const tagOf = Function.prototype.call.bind(objectPrototype.toString) as (value: unknown) => string;
const timeOf = Function.prototype.call.bind(Date.prototype.getTime) as (date: Date) => number;

/** Objects whose contents are not in their properties. */
const OPAQUE: ReadonlySet<string> = new Set([
  ...['Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Promise', 'RegExp', 'Error'],
  ...['ArrayBuffer', 'SharedArrayBuffer', 'Generator', 'AsyncGenerator'],
  ...['ReadableStream', 'WritableStream', 'Blob', 'File', 'FormData', 'Headers', 'URLSearchParams'],
]);

/**
 * What a value has that JSON does not, and where: "a Map at .users[3].tags". Undefined if JSON.stringify() loses nothing.
 * Properties that are undefined may be left out, and other values that are undefined become null.
 * @param value JSON.stringify() takes it: it has no circles.
 * @param withDates whether a Date counts: in JSON it is text.
 */
export function findJsonLoss(value: unknown, withDates = false): string | undefined {
  if (typeof value === 'string' || value === null) return undefined;
  const loss = find(value, withDates);
  if (loss === undefined) return undefined;
  return loss.path === '' ? loss.what : `${loss.what} at ${loss.path}`;
}

type Loss = { what: string; path: string };

function find(value: unknown, withDates: boolean): Loss | undefined {
  switch (typeof value) {
    case 'number':
      return isFiniteNumber(value) ? undefined : { what: String(value), path: '' };
    case 'bigint':
      return { what: 'a BigInt', path: '' };
    case 'function':
      return { what: 'a function', path: '' };
    case 'symbol':
      return { what: 'a symbol', path: '' };
    case 'object':
      return value === null ? undefined : findIn(value, withDates);
    default:
      return undefined;
  }
}

function findIn(value: object, withDates: boolean): Loss | undefined {
  if (isArray(value)) return findInItems(value, withDates);
  const prototype = getPrototypeOf(value);
  if (prototype !== objectPrototype && prototype !== null) {
    const name = opaqueName(value);
    if (name !== undefined) return { what: name, path: '' };
    if (tagOf(value) === '[object Date]') {
      if (Number.isNaN(timeOf(value as Date))) return { what: 'an invalid Date', path: '' };
      return withDates ? { what: 'a Date', path: '' } : undefined;
    }
  }
  // It says itself what it is in JSON.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return undefined;
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    const loss = find((value as Record<string, unknown>)[key], withDates);
    if (loss !== undefined) return { what: loss.what, path: `${nameOfMember(key)}${loss.path}` };
  }
  return undefined;
}

function findInItems(items: readonly unknown[], withDates: boolean): Loss | undefined {
  for (let index = 0; index < items.length; index += 1) {
    const loss = find(items[index], withDates);
    if (loss !== undefined) return { what: loss.what, path: `[${index}]${loss.path}` };
  }
  return undefined;
}

/** What an object is whose contents are not in its properties: "a Map". Undefined for any other object. */
export function opaqueName(value: object): string | undefined {
  const tag = tagOf(value).slice('[object '.length, -1);
  if (!isView(value) && !OPAQUE.has(tag)) return undefined;
  return `${/^[AEIOU]/.test(tag) ? 'an' : 'a'} ${tag}`;
}

/** A member as it is written behind its object. */
export function nameOfMember(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
