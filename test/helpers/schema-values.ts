/** Values for the schemas of a description, and values that leave them. */
import fc, { type Arbitrary } from 'fast-check';
import { definitionName } from '../../description/definitions.ts';
import type { Schema, SchemaObject } from '../../description/description.ts';

type Definitions = Readonly<Record<string, Schema>>;

const MAX_DEPTH = 4;

export function valuesOf(schema: Schema, $defs: Definitions, depth = 0): Arbitrary<unknown> {
  if (schema === true) return fc.jsonValue({ maxDepth: 1 });
  if (schema === false) return fc.constant(undefined);
  const { $ref, anyOf, pattern } = schema;
  const inner = (next: Schema): Arbitrary<unknown> => valuesOf(next, $defs, depth + 1);
  if ($ref !== undefined) return inner($defs[definitionName($ref)] ?? true);
  if (Array.isArray(anyOf)) {
    const parts = anyOf as Schema[];
    // The first ones end what is within itself.
    return fc.oneof(
      ...(depth > MAX_DEPTH ? parts.toSorted((a, b) => sizeOf(a) - sizeOf(b)).slice(0, 1) : parts).map(inner),
    );
  }
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  if (schema.type === undefined) return fc.jsonValue({ maxDepth: 1 });
  const ofType: Record<string, () => Arbitrary<unknown>> = {
    string: () => textOf(schema),
    number: () => numberOf(schema),
    integer: () => numberOf(schema).map(Math.round),
    boolean: () => fc.boolean(),
    null: () => fc.constant(null),
    array: () => itemsOf(schema, inner, depth),
    object: () => propertiesOf(schema, inner, depth),
  };
  // A text that matches a pattern of any kind cannot be made: the methods with one have samples.
  const types = [schema.type].flat() as string[];
  return fc
    .oneof(...types.map((type) => (ofType[type] as () => Arbitrary<unknown>)()))
    .filter((value) => value !== undefined || pattern !== undefined);
}

function sizeOf(schema: Schema): number {
  return JSON.stringify(schema).length;
}

function textOf({ format, pattern, minLength = 0, maxLength = 20 }: SchemaObject): Arbitrary<string> {
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  if (format === 'uri') return fc.webUrl();
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: 20 });
  return fc.string({ unit: 'binary', minLength: minLength as number, maxLength: maxLength as number });
}

function numberOf({ minimum, maximum }: SchemaObject): Arbitrary<number> {
  const [min, max] = [(minimum as number | undefined) ?? -1e6, (maximum as number | undefined) ?? 1e6];
  return fc.double({ min, max, noNaN: true });
}

function itemsOf(
  schema: SchemaObject,
  inner: (schema: Schema) => Arbitrary<unknown>,
  depth: number,
): Arbitrary<unknown[]> {
  const { items = true, prefixItems = [], minItems = 0, maxItems = 3, uniqueItems } = schema;
  const first = (prefixItems as Schema[]).map(inner);
  const shortest = Math.max(0, (minItems as number) - first.length);
  const longest = items === false ? 0 : depth > MAX_DEPTH ? shortest : Math.max(shortest, maxItems as number);
  if (longest === 0) return fc.tuple(...first);
  const own = { minLength: shortest, maxLength: longest };
  const rest =
    uniqueItems === true ? fc.uniqueArray(inner(items as Schema), own) : fc.array(inner(items as Schema), own);
  return fc.tuple(fc.tuple(...first), rest).map(([fixed, more]) => [...fixed, ...more]);
}

function propertiesOf(
  schema: SchemaObject,
  inner: (schema: Schema) => Arbitrary<unknown>,
  depth: number,
): Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const isRequired = (name: string): boolean => (required as string[]).includes(name);
  const named = Object.entries(properties as Record<string, Schema>).filter(
    ([name]) => depth <= MAX_DEPTH || isRequired(name),
  );
  const fixed = fc.record(Object.fromEntries(named.map(([name, own]) => [name, inner(own)])), {
    requiredKeys: named.map(([name]) => name).filter(isRequired),
    noNullPrototype: true,
  });
  if (typeof additionalProperties !== 'object' || depth > MAX_DEPTH) return fixed;
  const others = fc.dictionary(fc.string({ maxLength: 5 }), inner(additionalProperties as Schema), {
    maxKeys: 2,
    noNullPrototype: true,
  });
  return fc.tuple(fixed, others).map(([own, more]) => ({ ...more, ...own }));
}

export type Mutation = { value: unknown /** Within the argument. */; pointer: string };

/** Values like the given one, each with one place that leaves the schema. Unions count as one place. */
export function mutationsOf(schema: Schema, value: unknown, $defs: Definitions, pointer = ''): Mutation[] {
  if (typeof schema !== 'object') return [];
  if (schema.$ref !== undefined) return mutationsOf($defs[definitionName(schema.$ref)] ?? true, value, $defs, pointer);
  const own = strangerTo(schema, $defs);
  const here: Mutation[] = own === undefined ? [] : [{ value: own.value, pointer }];
  if (schema.anyOf !== undefined || schema.enum !== undefined) return here;
  const within = (inner: Schema, key: string | number, put: (changed: unknown) => unknown, part: unknown): Mutation[] =>
    mutationsOf(inner, part, $defs, `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).map(
      (each) => ({
        ...each,
        value: put(each.value),
      }),
    );
  if (Array.isArray(value)) {
    const { items = true, prefixItems = [] } = schema;
    const parts = value.flatMap((part, index) => {
      const inner = (prefixItems as Schema[])[index] ?? (items as Schema);
      return within(inner, index, (changed) => value.with(index, changed), part);
    });
    return [...here, ...parts];
  }
  if (typeof value !== 'object' || value === null) return here;
  const { properties = {}, required = [] } = schema;
  const object = value as Record<string, unknown>;
  const parts = Object.entries(properties as Record<string, Schema>).flatMap(([name, inner]) => {
    if (!Object.hasOwn(object, name)) return [];
    const changed = within(inner, name, (part) => ({ ...object, [name]: part }), object[name]);
    if (!(required as string[]).includes(name)) return changed;
    const { [name]: _, ...without } = object;
    return [...changed, { value: without, pointer: `${pointer}/${name}` }];
  });
  return [...here, ...parts];
}

/** A value of a type that the schema does not have; undefined if it has all of them, or is open. */
function strangerTo(schema: SchemaObject, $defs: Definitions): { value: unknown } | undefined {
  const types = typesOf(schema, $defs);
  if (types === undefined) return undefined;
  if (Array.isArray(schema.enum)) return { value: 'no such value' };
  const samples: [string, unknown][] = [
    ['boolean', true],
    ['string', 'stranger'],
    ['number', 0.5],
    ['array', []],
    ['object', {}],
  ];
  const found = samples.find(([type]) => !types.has(type));
  return found && { value: found[1] };
}

function typesOf(schema: Schema, $defs: Definitions, depth = 0): Set<string> | undefined {
  if (typeof schema !== 'object' || depth > 10) return undefined;
  if (schema.$ref !== undefined) return typesOf($defs[definitionName(schema.$ref)] ?? true, $defs, depth + 1);
  if (Array.isArray(schema.anyOf)) {
    const all = (schema.anyOf as Schema[]).map((each) => typesOf(each, $defs, depth + 1));
    return all.includes(undefined) ? undefined : new Set(all.flatMap((each) => [...(each ?? [])]));
  }
  return schema.type === undefined ? undefined : new Set([schema.type].flat() as string[]);
}
