/** The types that the language and Node declare, and objects that say themselves what they are in JSON. */

import type { Schema } from '../../description/description.ts';
import { isObject } from '../../description/schema-walk.ts';
import type { Compiler, Type } from './compiler.ts';
import { type Reading, unknown } from './reading.ts';

const BYTES: Schema = { 'x-messagepack': 'bytes' };

/** Objects whose contents are not in their properties: see wire/json-loss.ts. */
const NOT_SENT: ReadonlySet<string> = new Set([
  ...['WeakMap', 'WeakSet', 'WeakRef', 'Promise', 'PromiseLike', 'RegExp', 'Function', 'CallableFunction', 'Symbol'],
  ...['ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array'],
  ...['Int32Array', 'Uint32Array', 'Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
  ...['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'AggregateError'],
  ...['ReadableStream', 'WritableStream', 'TransformStream', 'Blob', 'File', 'FormData', 'Headers', 'URLSearchParams'],
  ...['Generator', 'AsyncGenerator', 'AsyncIterable', 'AsyncIterableIterator', 'AsyncIterator', 'AsyncIteratorObject'],
  ...['Iterator', 'IterableIterator', 'IteratorObject', 'AbortSignal', 'AbortController'],
]);

/** @returns undefined for a type that is described by its properties. */
export function builtInSchema(reading: Reading, type: Type, path: string): Schema | undefined {
  const { compiler, of } = reading;
  const builtIn = compiler.builtInOf(type);
  const known = builtIn && namedSchema(builtIn, of, path);
  if (known !== undefined) return known;
  if (isBytes(compiler, type)) return BYTES;
  const json = jsonOf(compiler, type);
  if (json !== undefined) return of(json, path);
  if (builtIn === undefined || !NOT_SENT.has(builtIn.name)) return undefined;
  return unknown(reading, path, `${/^[AEIOU]/.test(builtIn.name) ? 'an' : 'a'} ${builtIn.name} cannot be sent`);
}

function namedSchema(
  { name, args: [first, second] }: { name: string; args: readonly Type[] },
  of: Reading['of'],
  path: string,
): Schema | undefined {
  switch (name) {
    case 'Date':
      return { type: 'string', format: 'date-time', 'x-messagepack': 'date' };
    case 'Uint8Array':
    case 'Buffer':
      return BYTES;
    case 'Map':
    case 'ReadonlyMap':
      return {
        'x-messagepack': 'map',
        ...(first && { 'x-keys': of(first, `${path}.keys()`) }),
        ...(second && { 'x-values': of(second, `${path}.values()`) }),
      };
    case 'Set':
    case 'ReadonlySet':
      return { 'x-messagepack': 'set', ...(first && { 'x-items': of(first, `${path}.values()`) }) };
    case 'Iterable':
      return first && iterableOf(of(first, `${path}[]`), ['array']);
    case 'ArrayLike':
      return first && iterableOf(of(first, `${path}[]`), ['array', 'object']);
    case 'URL':
      return { type: 'string', format: 'uri' };
    case 'String':
    case 'Number':
    case 'Boolean':
      return { type: name.toLowerCase() };
    case 'BigInt':
      return { 'x-messagepack': 'bigint' };
    case 'Object':
      return true;
    default:
      return undefined;
  }
}

/** A text is one of texts. What else can be iterated only MessagePack carries. */
function iterableOf(items: Schema, types: readonly string[]): Schema {
  const takesText = items === true || (isObject(items) && [items.type].flat().includes('string') && !items.enum);
  const all = takesText ? ['string', ...types] : types;
  return { type: all.length === 1 ? all[0] : all, items, 'x-messagepack': 'iterable' };
}

/** A class derived from Uint8Array, too. */
function isBytes(compiler: Compiler, type: Type): boolean {
  const tag = compiler.symbolPropertyOf(type, 'toStringTag');
  if (tag === undefined) return false;
  const shape = compiler.shapeOf(tag);
  return shape.kind === 'literal' && shape.value === 'Uint8Array';
}

/** What the `toJSON` of an object returns. */
export function jsonOf(compiler: Compiler, type: Type): Type | undefined {
  const method = compiler.propertiesOf(type).find(({ name }) => name === 'toJSON');
  const [call] = method === undefined ? [] : compiler.callsOf(method.type);
  return call?.result;
}
