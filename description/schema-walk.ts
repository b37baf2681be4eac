/** The schemas within schemas: by keyword, since a property may be called `items` too. */
import type { Schema, SchemaObject } from './description.ts';

const ONE: ReadonlySet<string> = new Set([
  ...['items', 'additionalProperties', 'x-keys', 'x-values', 'x-items', 'not', 'propertyNames', 'contains'],
  ...['if', 'then', 'else', 'unevaluatedItems', 'unevaluatedProperties'],
]);
const LISTS: ReadonlySet<string> = new Set(['anyOf', 'prefixItems', 'allOf', 'oneOf']);
const BY_NAME: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'dependentSchemas']);

/** Replaces the schemas directly within one. */
export function mapInner(schema: SchemaObject, change: (inner: Schema) => Schema): SchemaObject {
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (ONE.has(keyword)) return [keyword, change(value as Schema)];
    if (LISTS.has(keyword)) return [keyword, (value as Schema[]).map(change)];
    if (!BY_NAME.has(keyword)) return [keyword, value];
    const named = Object.entries(value as Record<string, Schema>).map(([name, inner]) => [name, change(inner)]);
    return [keyword, Object.fromEntries(named)];
  });
  return Object.fromEntries(entries);
}

/** Calls back with a schema, and with all within it, not those that it refers to. */
export function eachSchema(schema: Schema, visit: (schema: SchemaObject) => void): void {
  if (!isObject(schema)) return;
  visit(schema);
  mapInner(schema, (inner) => {
    eachSchema(inner, visit);
    return inner;
  });
}

export function isObject(schema: Schema): schema is SchemaObject {
  return typeof schema === 'object';
}
