/** Why arguments do not have the types of their parameters: the first value that does not pass, for an error. */
import { foundText } from '../wire/found-text.ts';
import { pointerOf } from '../wire/json-pointer.ts';
import { definitionName } from './definitions.ts';
import type { Description, Schema, SchemaObject } from './description.ts';
import { expectedText } from './fault-texts.ts';
import { FORMATS } from './formats.ts';
import { passesPattern } from './linear-pattern.ts';
import { isObject } from './schema-walk.ts';

export type ArgumentFault = {
  /** The name of the parameter. */
  parameter: string;
  /** Where the value is in the list of arguments, as a JSON Pointer (RFC 6901): `/0/name`. */
  pointer: string;
  /** What it should be: `a number`. */
  expected: string;
  /** What it is: `"text"`, `nothing`. */
  found: string;
};

/** A value that does not pass. */
type Fault = { path: readonly (string | number)[]; schema: Schema; value: unknown };
type Path = Fault['path'];

/** Past these, the fault is that of the whole argument: unions within themselves could be tried without end. */
const MAX_STEPS = 100_000;

/** @returns undefined if no argument has a fault, or the description has no such method. */
export function argumentFault(
  { methods, $defs }: Description,
  method: string,
  args: readonly unknown[],
): ArgumentFault | undefined {
  const { params = [] } = methods.find(({ name }) => name === method) ?? {};
  for (const [index, { name, schema, required, rest }] of params.entries()) {
    // A parameter that is left out has no value, and the argument of one that may be is none if it is null.
    const given = rest ? args.slice(index) : args.slice(index, index + 1);
    const values = required && given.length === 0 ? [undefined] : given;
    for (const [offset, value] of values.entries()) {
      if (!rest && !required && value === null) continue;
      const path = [index + offset];
      const fault = value === undefined ? { path, schema, value } : faultOf($defs, schema, value, path);
      if (fault === undefined) continue;
      const pointer = pointerOf(fault.path);
      return { parameter: name, pointer, expected: expectedText(fault.schema, $defs), found: foundText(fault.value) };
    }
  }
  return undefined;
}

function faultOf($defs: Description['$defs'], schema: Schema, value: unknown, path: Path): Fault | undefined {
  let steps = 0;
  try {
    return find(schema, value, path);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { path, schema, value };
  }

  function find(schema: Schema, value: unknown, path: Path): Fault | undefined {
    steps += 1;
    if (steps > MAX_STEPS) throw new RangeError('too many steps');
    if (!isObject(schema)) return schema ? undefined : { path, schema, value };
    if (isPacked(schema, value)) return undefined;
    const { $ref, anyOf } = schema;
    if ($ref !== undefined) {
      const fault = find($defs[definitionName($ref)] ?? true, value, path);
      if (fault !== undefined) return fault;
    }
    if (Array.isArray(anyOf)) {
      const fault = findInAny(schema, anyOf, value, path);
      if (fault !== undefined) return fault;
    }
    if (Array.isArray(schema.enum)) {
      const isListed = schema.enum.includes(value ?? null);
      return isListed ? undefined : { path, schema, value };
    }
    const type = typeIn(schema, value);
    if (type === undefined) return { path, schema, value };
    if (!hasDetails(schema, value)) return { path, schema, value };
    if (type === 'array') return findInArray(schema, value as unknown[], path);
    return type === 'object' ? findInObject(schema, value as Record<string, unknown>, path) : undefined;
  }

  /** That of the one alternative that the value is meant to be, where there is one. */
  function findInAny(schema: SchemaObject, alternatives: Schema[], value: unknown, path: Path): Fault | undefined {
    const faults: { alternative: Schema; fault: Fault }[] = [];
    for (const alternative of alternatives) {
      const fault = find(alternative, value, path);
      if (fault === undefined) return undefined;
      faults.push({ alternative, fault });
    }
    const meant = faults.filter(
      ({ alternative, fault }) => fault.path.length > path.length && isMeant(alternative, value),
    );
    const [only] = meant;
    return meant.length === 1 && only !== undefined ? only.fault : { path, schema, value };
  }

  /** Whether the value has the literals by which the alternatives are told apart. */
  function isMeant(schema: Schema, value: unknown): boolean {
    if (!isObject(schema)) return false;
    if (schema.$ref !== undefined) return isMeant($defs[definitionName(schema.$ref)] ?? true, value);
    const object = Object(value) as Record<string, unknown>;
    return Object.entries((schema.properties ?? {}) as Record<string, Schema>).every(([name, inner]) => {
      const values = isObject(inner) ? inner.enum : undefined;
      return !Array.isArray(values) || values.includes(object[name] ?? null);
    });
  }

  function findInArray(schema: SchemaObject, value: readonly unknown[], path: Path): Fault | undefined {
    const { items = true, prefixItems } = schema;
    const first = Array.isArray(prefixItems) ? (prefixItems as Schema[]) : [];
    for (const [index, item] of value.entries()) {
      const inner = first[index] ?? (items as Schema);
      const fault = inner === true ? undefined : find(inner, item, [...path, index]);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  function findInObject(schema: SchemaObject, value: Record<string, unknown>, path: Path): Fault | undefined {
    const properties = (schema.properties ?? {}) as Record<string, Schema>;
    const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
    for (const name of new Set([...Object.keys(properties), ...required])) {
      const inner = Object.hasOwn(properties, name) ? (properties[name] ?? true) : true;
      const own = Object.hasOwn(value, name) ? value[name] : undefined;
      if (own === undefined && required.has(name)) return { path: [...path, name], schema: inner, value: undefined };
      if ((own === undefined || own === null) && !required.has(name)) continue;
      const fault = find(inner, own, [...path, name]);
      if (fault !== undefined) return fault;
    }
    return findInOthers(schema, properties, value, path);
  }

  function findInOthers(
    { patternProperties = {}, additionalProperties = true }: SchemaObject,
    properties: Record<string, Schema>,
    value: Record<string, unknown>,
    path: Path,
  ): Fault | undefined {
    const patterns = Object.entries(patternProperties as Record<string, Schema>);
    if (patterns.length === 0 && additionalProperties === true) return undefined;
    for (const [key, inner] of Object.entries(value)) {
      const matching = patterns.filter(([pattern]) => passesPattern(pattern, key)).map(([, schema]) => schema);
      const isNamed = matching.length > 0 || Object.hasOwn(properties, key);
      for (const schema of isNamed ? matching : [additionalProperties as Schema]) {
        const fault = find(schema, inner, [...path, key]);
        if (fault !== undefined) return fault;
      }
    }
    return undefined;
  }
}

/** What MessagePack has in the place of a value of JSON. */
function isPacked(schema: SchemaObject, value: unknown): boolean {
  if (schema['x-messagepack'] === 'date') return value instanceof Date;
  if (schema['x-messagepack'] !== 'iterable' || typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && Symbol.iterator in value;
}

/** The type of the value, if it is one of the schema's, or the schema has none. */
function typeIn({ type }: SchemaObject, value: unknown): string | undefined {
  const own = typeOf(value);
  if (type === undefined) return own;
  const types = [type].flat() as string[];
  if (types.includes(own)) return own;
  return own === 'number' && types.includes('integer') && Number.isInteger(value) ? own : undefined;
}

export function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Whether it is within what keywords say of the value itself. */
function hasDetails(schema: SchemaObject, value: unknown): boolean {
  const within = (low: unknown, high: unknown, size: number): boolean =>
    (typeof low !== 'number' || size >= low) && (typeof high !== 'number' || size <= high);
  if (typeof value === 'string') return hasTextDetails(schema, value, within);
  if (typeof value === 'number') {
    const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf: step } = schema;
    const parts = typeof step === 'number' ? value / step : 0;
    return (
      within(minimum, maximum, value) &&
      (typeof above !== 'number' || value > above) &&
      (typeof below !== 'number' || value < below) &&
      Math.abs(parts - Math.round(parts)) <= 1e-9 * Math.max(1, Math.abs(parts))
    );
  }
  if (Array.isArray(value)) {
    const texts = value.map((each) => (typeof each === 'object' && each !== null ? JSON.stringify(each) : each));
    const isUnique = schema.uniqueItems !== true || new Set(texts).size === value.length;
    return within(schema.minItems, schema.maxItems, value.length) && isUnique;
  }
  if (typeof value !== 'object' || value === null) return true;
  return within(schema.minProperties, schema.maxProperties, Object.keys(value).length);
}

function hasTextDetails(
  { minLength, maxLength, pattern, format }: SchemaObject,
  value: string,
  within: (low: unknown, high: unknown, size: number) => boolean,
): boolean {
  if ((minLength ?? maxLength) !== undefined && !within(minLength, maxLength, [...value].length)) return false;
  if (typeof pattern === 'string' && !passesPattern(pattern, value)) return false;
  return FORMATS[String(format)]?.(value) ?? true;
}
