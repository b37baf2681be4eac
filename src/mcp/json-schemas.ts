/**
 * The schemas of a description as a client of MCP sees them: values that only MessagePack carries have a form in JSON there.
 * Bytes are Base64, a BigInt is decimal text, a Map is an array of pairs, a Set is an array.
 */
import { definitionName, definitionsIn } from '../../description/definitions.ts';
import type { Schema, SchemaObject } from '../../description/description.ts';
import { eachSchema, isObject, mapInner } from '../../description/schema-walk.ts';

export type Definitions = Readonly<Record<string, Schema>>;

/** A schema for MCP; the definitions that it refers to are not in it. */
export function forJson(schema: Schema): Schema {
  if (!isObject(schema)) return schema;
  const { 'x-messagepack': kind, 'x-keys': keys, 'x-values': values, 'x-items': items, ...rest } = schema;
  const inner = mapInner(rest, forJson);
  switch (kind) {
    case 'bytes':
      return { type: 'string', contentEncoding: 'base64', ...inner };
    case 'bigint':
      return { type: 'string', pattern: '^-?\\d+$', ...inner };
    case 'map': {
      const pair = [keys, values].map((each) => forJson((each as Schema | undefined) ?? true));
      return { type: 'array', items: { type: 'array', prefixItems: pair, minItems: 2, maxItems: 2 }, ...inner };
    }
    case 'set':
      return { type: 'array', items: forJson((items as Schema | undefined) ?? true), ...inner };
    default:
      return inner;
  }
}

/** Those that a schema refers to, also by way of each other, for MCP. Undefined if there is none. */
export function definitionsFor(schemas: readonly Schema[], $defs: Definitions): Definitions | undefined {
  const names = definitionsIn($defs, schemas);
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, forJson($defs[name] ?? true)]));
}

/** Whether a value of the schema may have what only MessagePack carries. @param kinds `x-messagepack` of those that count. */
export function hasNative(schema: Schema, $defs: Definitions, kinds?: readonly string[]): boolean {
  let found = false;
  const visit = (each: SchemaObject): void => {
    const kind = each['x-messagepack'];
    if (kind !== undefined && (kinds === undefined || kinds.includes(String(kind)))) found = true;
  };
  eachSchema(schema, visit);
  for (const name of definitionsIn($defs, [schema])) eachSchema($defs[name] ?? true, visit);
  return found;
}

/**
 * The schema without null, if it then is that of an object; with what it refers to in its place, once.
 * @returns undefined for every other schema
 */
export function objectSchema(schema: Schema, $defs: Definitions): SchemaObject | undefined {
  if (!isObject(schema) || schema['x-messagepack'] !== undefined) return undefined;
  const { $ref, anyOf, ...beside } = schema;
  if ($ref !== undefined) return merged(objectSchema($defs[definitionName($ref)] ?? true, $defs), beside);
  if (Array.isArray(anyOf)) {
    const [only, ...others] = (anyOf as Schema[]).filter((each) => !isObject(each) || each.type !== 'null');
    return only === undefined || others.length > 0 ? undefined : merged(objectSchema(only, $defs), beside);
  }
  const [type, ...types] = [schema.type].flat().filter((each) => each !== 'null');
  return type === 'object' && types.length === 0 ? { ...schema, type } : undefined;
}

function merged(schema: SchemaObject | undefined, beside: SchemaObject): SchemaObject | undefined {
  return schema && { ...schema, ...beside };
}
