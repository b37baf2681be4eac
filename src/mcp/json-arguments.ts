/** Arguments in JSON as values that the agent's method takes, by its schemas: bytes, dates, BigInts, Maps and Sets. */
import { definitionName } from '../../description/definitions.ts';
import type { Schema, SchemaObject } from '../../description/description.ts';
import { isObject as isSchema } from '../../description/schema-walk.ts';
import { foundText } from '../../wire/found-text.ts';
import { pointerOf } from '../../wire/json-pointer.ts';
import type { Definitions } from './json-schemas.ts';
import { isObject } from './messages.ts';

/** Also without padding, and in the alphabet of URLs; a single character stands for no byte. */
const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?$/;

/** The forms of values that the agent could not tell from others, since their schemas assert nothing. */
const FORMS: Readonly<Record<string, string>> = {
  bytes: 'bytes, as text in base64',
  bigint: 'a whole number, as text',
  map: 'an array of pairs [key, value]',
  set: 'an array',
};

/** The names and indexes that lead to a value. */
type Path = readonly (string | number)[];

/** A value that cannot be what its method takes. */
export class FormError extends Error {
  /** A JSON Pointer (RFC 6901) from the argument to the value; empty for the argument itself. */
  readonly pointer: string;

  constructor(form: string, value: unknown, path: Path) {
    super(`expected ${form}, found ${foundText(value)}`);
    this.pointer = pointerOf(path);
  }
}

/**
 * Other values that are not what the schema says stay as they are, and the agent refuses them.
 * @throws FormError
 */
export function fromJson(schema: Schema, value: unknown, $defs: Definitions, path: Path = []): unknown {
  if (!isSchema(schema) || value === null) return value;
  if (schema.$ref !== undefined) return fromJson($defs[definitionName(schema.$ref)] ?? true, value, $defs, path);
  if (Array.isArray(schema.anyOf)) {
    const [only, ...others] = (schema.anyOf as Schema[]).filter((each) => !isSchema(each) || each.type !== 'null');
    // Which of several is meant cannot be known.
    return only === undefined || others.length > 0 ? value : fromJson(only, value, $defs, path);
  }
  const native = nativeOf(schema, value, $defs, path);
  if (native !== undefined) return native;
  const form = FORMS[String(schema['x-messagepack'])];
  if (form !== undefined) throw new FormError(form, value, path);
  if (Array.isArray(value)) return itemsOf(schema, value, $defs, path);
  return isObject(value) ? propertiesOf(schema, value, $defs, path) : value;
}

/** Undefined for a schema of other values, and for a value that is none of these. */
function nativeOf(schema: SchemaObject, value: unknown, $defs: Definitions, path: Path): unknown {
  const each = (keyword: string, inner: unknown, place: Path): unknown =>
    fromJson((schema[keyword] as Schema) ?? true, inner, $defs, [...path, ...place]);
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
      return new Map(
        value.map(([key, item], index) => [each('x-keys', key, [index, 0]), each('x-values', item, [index, 1])]),
      );
    case 'set':
      return Array.isArray(value) ? new Set(value.map((item, index) => each('x-items', item, [index]))) : undefined;
    default:
      return undefined;
  }
}

function itemsOf(
  { prefixItems, items }: SchemaObject,
  values: readonly unknown[],
  $defs: Definitions,
  path: Path,
): unknown[] {
  const first = Array.isArray(prefixItems) ? (prefixItems as Schema[]) : [];
  const schemaOf = (index: number): Schema => first[index] ?? (items as Schema | undefined) ?? true;
  return values.map((value, index) => fromJson(schemaOf(index), value, $defs, [...path, index]));
}

function propertiesOf(
  { properties = {}, additionalProperties = true }: SchemaObject,
  value: Readonly<Record<string, unknown>>,
  $defs: Definitions,
  path: Path,
): Record<string, unknown> {
  const named = properties as Readonly<Record<string, Schema>>;
  const schemaOf = (name: string): Schema =>
    Object.hasOwn(named, name) ? (named[name] as Schema) : (additionalProperties as Schema);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, fromJson(schemaOf(name), each, $defs, [...path, name])]),
  );
}
