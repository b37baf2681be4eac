/** A plausible value for a schema of an OpenRPC document: for examples, not for a test of what passes. */
import type { Schema, SchemaObject } from './description.ts';

/** Bytes, BigInts, Maps and Sets are values that only MessagePack carries. */
export type ExampleValue = unknown;

const PREFIX = '#/components/schemas/';
/** How deeply a value is nested: a type may have itself within it. */
const MAX_DEPTH = 5;
/** How many items or properties are there beyond those that must be. */
const MAX_SHOWN = 2;
/** How many items a value has, whatever its schema asks for. */
const MAX_ITEMS = 10;

const BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2026-01-31T12:00:00.000Z',
  date: '2026-01-31',
  time: '12:00:00Z',
  email: 'someone@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
};

/** The names of the schemas that the value is within: a type may have itself within it. */
type Open = ReadonlySet<string>;

/** @param schemas those that references name. */
export function exampleValue(schema: Schema, schemas: Readonly<Record<string, Schema>> = {}): ExampleValue {
  return valueFor(schema, schemas, new Set());
}

function valueFor(schema: Schema, schemas: Readonly<Record<string, Schema>>, open: Open, depth = 0): ExampleValue {
  if (schema === true) return 'text';
  if (schema === false) return null;
  const { default: preset, examples } = schema as { default?: unknown; examples?: unknown };
  const given = [...(Array.isArray(examples) ? examples : []), preset].find(
    (value) => value !== undefined && value !== null,
  );
  if (given !== undefined) return given;
  if (Array.isArray(schema.enum)) return schema.enum.find((value) => value !== null) ?? null;
  const inner = (next: Schema, within = open): ExampleValue => valueFor(next, schemas, within, depth + 1);
  if (schema.$ref !== undefined) {
    const name = nameIn(schema.$ref);
    const found = schemas[name];
    return found === undefined || depth > MAX_DEPTH ? null : inner(found, new Set([...open, name]));
  }
  const parts = [...listOf(schema.allOf), ...listOf(schema.anyOf)];
  const values = parts.filter((each) => typeof each !== 'object' || each.type !== 'null');
  const part = values.find((each) => !isWithin(each, open)) ?? (values.length < parts.length ? null : values[0]);
  if (part === null) return null;
  if (part !== undefined) return depth > MAX_DEPTH ? null : inner(part);
  return plainValue(schema, { inner, open, depth });
}

type Nesting = { inner: (schema: Schema) => ExampleValue; open: Open; depth: number };

function plainValue(schema: SchemaObject, nesting: Nesting): ExampleValue {
  const { inner } = nesting;
  switch (schema['x-messagepack']) {
    case 'bytes':
      return Uint8Array.of(1, 2, 3);
    case 'bigint':
      return 1n;
    case 'map':
      return new Map([[inner((schema['x-keys'] as Schema) ?? true), inner((schema['x-values'] as Schema) ?? true)]]);
    case 'set':
      return new Set([inner((schema['x-items'] as Schema) ?? true)]);
    default:
  }
  const types = [schema.type].flat();
  const type = types.find((each) => each !== 'null') ?? types[0];
  switch (type) {
    case 'string':
      return textFor(schema);
    case 'number':
    case 'integer':
      return numberFor(schema, type === 'integer');
    case 'boolean':
      return true;
    case 'array':
      return itemsFor(schema, nesting);
    case 'object':
      return propertiesFor(schema, nesting);
    case 'null':
      return null;
    default:
      return 'text';
  }
}

function textFor({ format, minLength, maxLength }: SchemaObject): string {
  const text = BY_FORMAT[String(format)] ?? 'text';
  const padded = typeof minLength === 'number' ? text.padEnd(Math.min(minLength, 100), 't') : text;
  return typeof maxLength === 'number' ? padded.slice(0, maxLength) : padded;
}

function numberFor(schema: SchemaObject, isInteger: boolean): number {
  const of = (keyword: string): number | undefined => {
    const value = schema[keyword];
    return typeof value === 'number' ? value : undefined;
  };
  const step = of('multipleOf') ?? (isInteger ? 1 : undefined);
  const lowest = of('minimum') ?? above(of('exclusiveMinimum'), step);
  const highest = of('maximum') ?? above(of('exclusiveMaximum'), step && -step, -1);
  const start = Math.min(Math.max(step ?? 1, lowest ?? Number.NEGATIVE_INFINITY), highest ?? Number.POSITIVE_INFINITY);
  return step === undefined ? start : Math.ceil(start / step) * step;
}

function above(border: number | undefined, step: number | undefined, direction = 1): number | undefined {
  return border === undefined ? undefined : border + (step ?? direction);
}

/** In draft 7, `items` of a tuple is a list. */
function itemsFor({ items = true, minItems }: SchemaObject, { inner, open, depth }: Nesting): ExampleValue[] {
  const lowest = typeof minItems === 'number' ? Math.min(minItems, MAX_ITEMS) : 0;
  if (Array.isArray(items)) return items.slice(0, Math.max(lowest, MAX_SHOWN)).map((item) => inner(item));
  if (items === false || (lowest === 0 && (depth > MAX_DEPTH || isWithin(items as Schema, open)))) return [];
  return Array.from({ length: Math.max(lowest, 1) }, () => inner(items as Schema));
}

/** Those that must be there; the first ones, if none must. */
function propertiesFor(
  { properties, required, additionalProperties }: SchemaObject,
  { inner, open, depth }: Nesting,
): Record<string, ExampleValue> {
  const entries = Object.entries(Object(properties) as Record<string, Schema>);
  const needed = new Set<string>(Array.isArray(required) ? required : []);
  const own = entries.filter(([name]) => needed.has(name));
  const maybe = entries.filter(([, schema]) => schema !== false && !isWithin(schema, open));
  const optional = depth > MAX_DEPTH ? [] : maybe.slice(0, MAX_SHOWN);
  const shown = own.length > 0 ? own : optional;
  const values = shown.map(([name, schema]) => [name, inner(schema)]);
  const others = typeof additionalProperties === 'object' && additionalProperties !== null && depth <= MAX_DEPTH;
  if (entries.length === 0 && others) values.push(['name', inner(additionalProperties as Schema)]);
  return Object.fromEntries(values);
}

/** Whether a value for it would be within one of its own type. */
function isWithin(schema: Schema, open: Open): boolean {
  if (typeof schema !== 'object') return false;
  const { $ref = listOf(schema.allOf).find((each) => typeof each === 'object')?.$ref } = schema as SchemaObject;
  return $ref !== undefined && open.has(nameIn(String($ref)));
}

function nameIn($ref: string): string {
  return $ref.slice(PREFIX.length);
}

function listOf(value: unknown): Schema[] {
  return Array.isArray(value) ? value : [];
}
