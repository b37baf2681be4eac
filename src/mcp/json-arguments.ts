/** Arguments in JSON as values that the agent's method takes, by its schemas: bytes, dates, BigInts, Maps and Sets. */
import { definitionName } from '../../description/definitions.ts';
import type { Schema, SchemaObject } from '../../description/description.ts';
import { isObject as isSchema } from '../../description/schema-walk.ts';
import type { Definitions } from './json-schemas.ts';
import { isObject } from './messages.ts';

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** A value that is not what the schema says stays as it is: the agent refuses it, or takes it. */
export function fromJson(schema: Schema, value: unknown, $defs: Definitions): unknown {
  if (!isSchema(schema) || value === null) return value;
  if (schema.$ref !== undefined) return fromJson($defs[definitionName(schema.$ref)] ?? true, value, $defs);
  if (Array.isArray(schema.anyOf)) {
    const [only, ...others] = (schema.anyOf as Schema[]).filter((each) => !isSchema(each) || each.type !== 'null');
    // Which of several is meant cannot be known.
    return only === undefined || others.length > 0 ? value : fromJson(only, value, $defs);
  }
  const native = nativeOf(schema, value, $defs);
  if (native !== undefined) return native;
  if (Array.isArray(value)) return itemsOf(schema, value, $defs);
  return isObject(value) ? propertiesOf(schema, value, $defs) : value;
}

/** Undefined for a schema of other values, and for a value that is none of these. */
function nativeOf(schema: SchemaObject, value: unknown, $defs: Definitions): unknown {
  const each = (keyword: string, inner: unknown): unknown =>
    fromJson((schema[keyword] as Schema) ?? true, inner, $defs);
  switch (schema['x-messagepack']) {
    case 'bytes':
      return typeof value === 'string' && BASE64.test(value) ? new Uint8Array(Buffer.from(value, 'base64')) : undefined;
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? new Date(value) : undefined;
    case 'bigint':
      if (typeof value === 'string') return /^-?\d+$/.test(value) ? BigInt(value) : undefined;
      return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
    case 'map':
      if (!Array.isArray(value) || !value.every((pair) => Array.isArray(pair) && pair.length === 2)) return undefined;
      return new Map(value.map(([key, item]) => [each('x-keys', key), each('x-values', item)]));
    case 'set':
      return Array.isArray(value) ? new Set(value.map((item) => each('x-items', item))) : undefined;
    default:
      return undefined;
  }
}

function itemsOf({ prefixItems, items }: SchemaObject, values: readonly unknown[], $defs: Definitions): unknown[] {
  const first = Array.isArray(prefixItems) ? (prefixItems as Schema[]) : [];
  return values.map((value, index) => fromJson(first[index] ?? (items as Schema | undefined) ?? true, value, $defs));
}

function propertiesOf(
  { properties = {}, additionalProperties = true }: SchemaObject,
  value: Readonly<Record<string, unknown>>,
  $defs: Definitions,
): Record<string, unknown> {
  const named = properties as Readonly<Record<string, Schema>>;
  const schemaOf = (name: string): Schema =>
    Object.hasOwn(named, name) ? (named[name] as Schema) : (additionalProperties as Schema);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fromJson(schemaOf(name), each, $defs)]));
}
