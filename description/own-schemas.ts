/** Puts the schemas that a method carries in the place of those of its types. */

import { definitionNameOf } from './definitions.ts';
import type { MethodDescription, ParamDescription, Schema, SchemaObject } from './description.ts';
import { isObject, mapInner } from './schema-walk.ts';

/** The definitions of a description that get those of the schemas. */
type Definitions = Record<string, Schema>;

const LOCAL = /^#(?:\/(?:\$defs|definitions)\/(.+))?$/;
/** Of the dialect of the whole, and names that would be those of the description. */
const DROPPED: ReadonlySet<string> = new Set(['$schema', '$id', '$defs', 'definitions', '~standard']);

/** A schema of a parameter. */
export type OwnSchema = {
  /** In JSON Schema 2020-12; null for a schema that has no form in it: then the type counts. */
  json: unknown;
  /** Whether the argument may be left out. */
  isOptional: boolean;
};

/** @param $defs gets the definitions of the schemas. */
export function withOwnSchemas(
  method: MethodDescription,
  schemas: readonly OwnSchema[],
  $defs: Definitions,
): MethodDescription {
  const names = new Set(method.params.map(({ name }) => name));
  const params = schemas.map(({ json, isOptional }, index): ParamDescription => {
    const { rest, ...found } = method.params[index] ?? { name: freeName(index, names), schema: true, required: true };
    const schema = isSchema(json)
      ? embedded(json, definitionNameOf(`${method.name}_${found.name}`), $defs)
      : found.schema;
    return { ...found, schema, required: found.required && !isOptional };
  });
  return { ...method, params, checksItself: true };
}

function freeName(index: number, names: Set<string>): string {
  for (let name = `param${index + 1}`; ; name += '_') if (!names.has(name)) return name;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value));
}

/** References within the schema lead to definitions of the description. */
function embedded(schema: Schema, prefix: string, $defs: Definitions): Schema {
  if (!isObject(schema)) return schema;
  const local = { ...(schema.definitions as Definitions), ...(schema.$defs as Definitions) };
  const known = new Map<string, string>();
  const nameFor = (key: string): string => {
    const earlier = known.get(key);
    if (earlier !== undefined) return earlier;
    // One that has been brought in before keeps its name.
    const base = key.startsWith(`${prefix}_`) ? key : definitionNameOf(`${prefix}_${key}`);
    let name = base;
    for (let count = 2; Object.hasOwn($defs, name); count += 1) name = `${base}_${count}`;
    known.set(key, name);
    // Before what is in it, which may refer to it.
    $defs[name] = true;
    $defs[name] = rebased(key === '' ? schema : (local[key] ?? true));
    return name;
  };
  const rebased = (inner: Schema): Schema => {
    if (!isObject(inner)) return inner;
    const kept = Object.fromEntries(Object.entries(inner).filter(([key]) => !DROPPED.has(key))) as SchemaObject;
    const target = typeof kept.$ref === 'string' ? LOCAL.exec(kept.$ref) : null;
    if (target !== null) kept.$ref = `#/$defs/${nameFor(decoded(target[1] ?? ''))}`;
    return mapInner(kept, rebased);
  };
  return rebased(schema);
}

/** RFC 6901 within a URI. */
function decoded(key: string): string {
  return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');
}
