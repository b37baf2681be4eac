/** What a schema expects, in the words of an error. */
import { definitionName } from './definitions.ts';
import type { Description, Schema, SchemaObject } from './description.ts';
import { isObject } from './schema-walk.ts';

/** Of the alternatives of a union. */
const MAX_LISTED = 8;
const MAX_DEPTH = 4;

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  null: 'null',
};

const PACKED: Readonly<Record<string, string>> = {
  bytes: 'bytes',
  bigint: 'a BigInt',
  map: 'a Map',
  set: 'a Set',
};

/** Such as `a number of at least 0`, `"up", "down" or null`. */
export function expectedText(schema: Schema, $defs: Description['$defs'] = {}): string {
  return listed(alternativesOf(schema, $defs, 0));
}

function alternativesOf(schema: Schema, $defs: Description['$defs'], depth: number): string[] {
  if (!isObject(schema)) return [schema ? 'a value' : 'nothing'];
  const { $ref, anyOf, type } = schema;
  if ($ref !== undefined) {
    const found = $defs[definitionName($ref)];
    return found === undefined || depth >= MAX_DEPTH ? ['a value'] : alternativesOf(found, $defs, depth + 1);
  }
  if (Array.isArray(anyOf)) return (anyOf as Schema[]).flatMap((each) => alternativesOf(each, $defs, depth + 1));
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value));
  const packed = PACKED[String(schema['x-messagepack'])];
  if (packed !== undefined) return [packed];
  if (type === undefined) return ['a value'];
  return ([type].flat() as string[]).map((each) => `${TYPES[each] ?? each}${detailsOf(each, schema)}`);
}

function detailsOf(type: string, schema: SchemaObject): string {
  const bounds = (low: unknown, high: unknown, unit: string): string[] => [
    ...(typeof low === 'number' ? [`at least ${low}${unit}`] : []),
    ...(typeof high === 'number' ? [`at most ${high}${unit}`] : []),
  ];
  const { minLength, maxLength, minItems, maxItems, minProperties, maxProperties, format, pattern } = schema;
  if (type === 'string') {
    if (format === 'date-time') return ' that is a date and time (2026-01-31T12:00:00Z)';
    if (format === 'uri') return ' that is a URL';
    const matching = typeof pattern === 'string' ? [`matching /${pattern}/`] : [];
    return phrase('of', [...bounds(minLength, maxLength, ' characters')], matching);
  }
  if (type === 'number' || type === 'integer') {
    const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf } = schema;
    const more = typeof above === 'number' ? [`above ${above}`] : [];
    const less = typeof below === 'number' ? [`below ${below}`] : [];
    const multiple = typeof multipleOf === 'number' ? [`divisible by ${multipleOf}`] : [];
    return phrase('of', bounds(minimum, maximum, ''), [...more, ...less, ...multiple]);
  }
  if (type === 'array') {
    const unique = schema.uniqueItems === true ? ['without equal items'] : [];
    return phrase('of', bounds(minItems, maxItems ?? fixedLength(schema), ' items'), unique);
  }
  return type === 'object' ? phrase('of', bounds(minProperties, maxProperties, ' properties'), []) : '';
}

/** Of a tuple. */
function fixedLength({ items, prefixItems }: SchemaObject): number | undefined {
  return items === false ? (Array.isArray(prefixItems) ? prefixItems.length : 0) : undefined;
}

function phrase(word: string, bounds: readonly string[], others: readonly string[]): string {
  const parts = [...(bounds.length > 0 ? [`${word} ${bounds.join(' and ')}`] : []), ...others];
  return parts.map((part) => ` ${part}`).join('');
}

/** Null stands last, as in sources. */
function listed(texts: readonly string[]): string {
  const all = [...new Set(texts)];
  const others = all.filter((text) => text !== 'null');
  const sorted = others.length < all.length ? [...others, 'null'] : others;
  const shown =
    sorted.length > MAX_LISTED ? [...sorted.slice(0, MAX_LISTED), `${sorted.length - MAX_LISTED} more`] : sorted;
  const [last = ''] = shown.slice(-1);
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} or ${last}`;
}
