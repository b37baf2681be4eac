/**
 * The types of JSON that TypeScript takes for an object type: it compares structures, so that a text has a `length`, and an array
 * all that `{ 0: string }` asks for.
 */
import type { Type } from './compiler.ts';

export type Structure = {
  /** The names of the properties that are no functions. */
  names: readonly string[];
  /** Those that may not be left out. */
  required: readonly string[];
  /** The names of the functions that may not be left out. */
  methods: readonly string[];
  indexes: readonly { key: Type; value: Type }[];
  kindOf: (type: Type) => string;
};

/** What values of other types than objects have. */
const OTHERS: readonly { type: string; has: (name: string) => boolean; prototype: object }[] = [
  { type: 'string', has: (name) => name === 'length', prototype: String.prototype },
  // A Date is text in JSON.
  { type: 'string', has: () => false, prototype: Date.prototype },
  { type: 'number', has: () => false, prototype: Number.prototype },
  { type: 'boolean', has: () => false, prototype: Boolean.prototype },
  { type: 'array', has: (name) => name === 'length' || /^\d+$/.test(name), prototype: Array.prototype },
];

/** @returns one type, or several in the order in which schemas have them. */
export function typesWith({ names, required, methods, indexes, kindOf }: Structure): string | string[] {
  const named = indexes.find(({ key }) => kindOf(key) !== 'number');
  // An index signature of any takes every object.
  if (named !== undefined)
    return required.length === 0 && kindOf(named.value) === 'any' ? ['array', 'object'] : 'object';
  if (indexes.some(({ value }) => kindOf(value) === 'string') && required.every((name) => name === 'length'))
    return ['string', 'array', 'object'];
  if (indexes.length > 0) return ['array', 'object'];
  // TypeScript refuses what shares no property with a type whose properties may all be left out.
  const isWeak = names.length > 0 && required.length === 0 && methods.length === 0;
  const types = OTHERS.filter(({ has, prototype }) =>
    isWeak ? names.some(has) : required.every(has) && methods.every((name) => name in prototype),
  ).map(({ type }) => type);
  return types.length === 0 ? 'object' : [...new Set([...types, 'object'])];
}
