/** Makes schemas of schemas. Knows no types of a compiler. */
import type { Schema, SchemaObject } from '../../description/description.ts';
import { isObject } from '../../description/schema-walk.ts';

/** The primitive types of JSON, in the order in which they stand in a schema. */
const ORDER: readonly string[] = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];
/** Keywords that say nothing of whether a value passes. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['description', 'title', 'default', 'deprecated', 'examples']);

/** Passes null too. */
export function nullable(schema: Schema): Schema {
  if (schema === true) return true;
  if (schema === false) return { type: 'null' };
  if (passesNull(schema)) return schema;
  return anyOf([schema, { type: 'null' }]);
}

function passesNull({ type, enum: values, anyOf: parts }: SchemaObject): boolean {
  if (Array.isArray(parts)) return parts.some((part) => isObject(part) && passesNull(part));
  if (Array.isArray(values)) return values.includes(null);
  return [type].flat().includes('null');
}

/** Passes what one of the schemas passes. In the order of the schemas, but for types without further keywords. */
export function anyOf(schemas: readonly Schema[]): Schema {
  if (schemas.includes(true)) return true;
  const flat = schemas.flatMap((schema) => (isObject(schema) ? (partsOf(schema) ?? [schema]) : []));
  const [types, enums, others] = [new Set<string>(), new Set<unknown>(), new Map<string, SchemaObject>()];
  for (const schema of flat) {
    const { type, enum: values } = schema;
    const keys = Object.keys(schema).filter((key) => key !== 'type');
    if (keys.length === 0 && type !== undefined) for (const each of [type].flat()) types.add(each as string);
    else if (Array.isArray(values) && keys.length === 1) for (const value of values) enums.add(value);
    else others.set(JSON.stringify(schema), schema);
  }
  const joined = joinTypes(types, enums, [...others.values()]);
  const [first] = joined;
  if (first === undefined) return false;
  return joined.length === 1 ? first : { anyOf: joined };
}

/** Null in a schema with a type or an enum needs no alternative. */
function joinTypes(types: Set<string>, enums: Set<unknown>, others: readonly SchemaObject[]): SchemaObject[] {
  const values = [...enums].filter((value) => !types.has(typeOfValue(value)));
  if (types.has('null') && types.size === 1 && values.length > 0 && others.length === 0) {
    return [enumOf([...values, null])];
  }
  const [other] = others;
  if (types.has('null') && types.size === 1 && values.length === 0 && others.length === 1 && other !== undefined) {
    const { type } = other;
    if (typeof type === 'string' && !('enum' in other)) return [{ ...other, type: [type, 'null'] }];
  }
  const names = ORDER.filter((name) => types.has(name));
  const ofTypes = names.length === 0 ? [] : [{ type: names.length === 1 ? names[0] : names }];
  // Null stands last, as in sources.
  return types.size === 1 && types.has('null')
    ? [...(values.length === 0 ? [] : [enumOf(values)]), ...others, ...ofTypes]
    : [...ofTypes, ...(values.length === 0 ? [] : [enumOf(values)]), ...others];
}

/** Of a union that is one already. */
function partsOf(schema: SchemaObject): SchemaObject[] | undefined {
  const { anyOf: parts, ...more } = schema;
  if (!Array.isArray(parts) || Object.keys(more).length > 0) return undefined;
  return parts as SchemaObject[];
}

/** Of values that are text, numbers, booleans and null, sorted: the order of a union is not that of its source. */
export function enumOf(values: readonly unknown[]): SchemaObject {
  const sorted = [...values].sort(compareValues);
  const types = ORDER.filter((type) => sorted.some((value) => typeOfValue(value) === type));
  return { type: types.length === 1 ? types[0] : types, enum: sorted };
}

function typeOfValue(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function compareValues(a: unknown, b: unknown): number {
  const [first, second] = [ORDER.indexOf(typeOfValue(a)), ORDER.indexOf(typeOfValue(b))];
  if (first !== second) return first - second;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : 1;
}

/** Adds what says nothing of whether a value passes: a description, a default. */
export function annotated(schema: Schema, annotations: SchemaObject): Schema {
  if (schema === false || Object.keys(annotations).length === 0) return schema;
  return { ...(schema === true ? {} : schema), ...annotations };
}

/** Without descriptions and the like at its top. */
export function withoutAnnotations(schema: Schema): Schema {
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).filter(([key]) => !ANNOTATIONS.has(key));
  return kept.length === 0 ? true : Object.fromEntries(kept);
}

/** An integer in place of each number. */
export function asInteger(schema: Schema): Schema {
  if (!isObject(schema) || schema.type === undefined) return schema;
  const types = [schema.type].flat().map((type) => (type === 'number' ? 'integer' : type));
  return { ...schema, type: types.length === 1 ? types[0] : types };
}
