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
 */
export function findJsonLoss(value: unknown): string | undefined {
  if (typeof value === 'string' || value === null) return undefined;
  const loss = find(value);
  if (loss === undefined) return undefined;
  return loss.path === '' ? loss.what : `${loss.what} at ${loss.path}`;
}

type Loss = { what: string; path: string };

function find(value: unknown): Loss | undefined {
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
      return value === null ? undefined : findIn(value);
    default:
      return undefined;
  }
}

function findIn(value: object): Loss | undefined {
  if (isArray(value)) return findInItems(value);
  const prototype = getPrototypeOf(value);
  if (prototype !== objectPrototype && prototype !== null) {
    const tag = tagOf(value).slice('[object '.length, -1);
    if (isView(value) || OPAQUE.has(tag)) return { what: `${/^[AEIOU]/.test(tag) ? 'an' : 'a'} ${tag}`, path: '' };
    if (tag === 'Date') return Number.isNaN(timeOf(value as Date)) ? { what: 'an invalid Date', path: '' } : undefined;
  }
  // It says itself what it is in JSON.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return undefined;
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    const loss = find((value as Record<string, unknown>)[key]);
    if (loss !== undefined) return { what: loss.what, path: `${nameOf(key)}${loss.path}` };
  }
  return undefined;
}

function findInItems(items: readonly unknown[]): Loss | undefined {
  for (let index = 0; index < items.length; index += 1) {
    const loss = find(items[index]);
    if (loss !== undefined) return { what: loss.what, path: `[${index}]${loss.path}` };
  }
  return undefined;
}

function nameOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
