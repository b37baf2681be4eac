/** Makes code of schemas: whether a value passes. It agrees with description/argument-faults.ts, which says why one does not. */

import { definitionName } from '../../description/definitions.ts';
import type { Schema, SchemaObject } from '../../description/description.ts';
import { arrayDetails, objectDetails } from './container-code.ts';
import { type CodeFor, createDeclarations, isCall, joined } from './declarations.ts';
import { numberDetails, textDetails } from './primitive-code.ts';

export type SchemaCode = {
  /** Undefined for a schema that everything passes. */
  of(schema: Schema): CodeFor | undefined;
  /** The declarations that the expressions refer to. */
  declarations(): string[];
};

/** A longer list of literals is looked up in a Set. */
const MAX_COMPARED = 8;

const TYPES = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'] as const;
type TypeName = (typeof TYPES)[number];

const TYPE_CODE: Readonly<Record<TypeName, CodeFor>> = {
  string: (v) => `typeof ${v} === 'string'`,
  number: (v) => `typeof ${v} === 'number'`,
  integer: (v) => `isInteger(${v})`,
  boolean: (v) => `typeof ${v} === 'boolean'`,
  null: (v) => `${v} == null`,
  array: (v) => `isArray(${v})`,
  object: (v) => `isObject(${v})`,
};

/** An object of MessagePack that stands in the place of what JSON has. */
const PACKED_CODE: Readonly<Record<string, CodeFor>> = {
  date: (v) => `${v} instanceof Date`,
  iterable: (v) => `isIterable(${v})`,
};

export function createSchemaCode($defs: Readonly<Record<string, Schema>>): SchemaCode {
  const declarations = createDeclarations();
  const definitions = new Map<string, string>();

  function of(schema: Schema): CodeFor | undefined {
    if (typeof schema === 'boolean') return schema ? undefined : () => 'false';
    const { $ref, anyOf } = schema;
    const parts: (CodeFor | undefined)[] = [];
    if ($ref !== undefined) parts.push(definition(definitionName($ref)));
    if (Array.isArray(anyOf)) parts.push(oneOf(anyOf));
    if (Array.isArray(schema.enum)) parts.push(literals(schema.enum));
    else parts.push(typed(schema));
    const needed = parts.filter((part) => part !== undefined);
    if (needed.length === 0) return undefined;
    const all: CodeFor = (v) => joined('&&', needed, v);
    const packed = PACKED_CODE[String(schema['x-messagepack'])];
    return packed ? (v) => `(${all(v)} || ${packed(v)})` : all;
  }

  function definition(name: string): CodeFor | undefined {
    const known = definitions.get(name);
    if (known !== undefined) return (v) => `${known}(${v})`;
    // Counted: a union of types that are within themselves could try each of its alternatives at every level.
    const own = declarations.reserve();
    definitions.set(name, own);
    const code = of($defs[name] ?? true)?.('v') ?? 'true';
    declarations.define(own, `if (++steps > limit) moreSteps(); return ${code};`);
    return (v) => `${own}(${v})`;
  }

  /** Alternatives that are told apart by their types come first: they are cheap. */
  function oneOf(schemas: readonly Schema[]): CodeFor | undefined {
    const alternatives = schemas.map(of);
    const present = alternatives.filter((each) => each !== undefined);
    if (present.length < alternatives.length) return undefined;
    return (v) => {
      const codes = present.map((each) => each(v));
      return `(${codes.toSorted((a, b) => Number(isCall(a)) - Number(isCall(b))).join(' || ')})`;
    };
  }

  function literals(values: readonly unknown[]): CodeFor {
    const compared = values.map((value) => JSON.stringify(value));
    if (values.length > MAX_COMPARED) {
      const set = declarations.constant(`new Set(${JSON.stringify(values)})`);
      const orNull = values.includes(null) ? (v: string) => ` || ${v} === undefined` : () => '';
      return (v) => `(${set}.has(${v})${orNull(v)})`;
    }
    return (v) => `(${compared.map((text) => (text === 'null' ? `${v} == null` : `${v} === ${text}`)).join(' || ')})`;
  }

  /** A keyword concerns the values of its types alone; without `type`, the others pass. */
  function typed(schema: SchemaObject): CodeFor | undefined {
    const named = schema.type === undefined ? undefined : new Set([schema.type].flat() as TypeName[]);
    const given = TYPES.filter((type) => named === undefined || named.has(type));
    const codes = given.flatMap((type): CodeFor[] => {
      const [isType, details] = [TYPE_CODE[type], detailsOf(type, schema)];
      if (named !== undefined) return [details === undefined ? isType : (v) => `(${isType(v)} && ${details(v)})`];
      // A number of JSON Schema is an integer too.
      if (details === undefined || type === 'integer') return [];
      return [(v) => `(!(${isType(v)}) || ${details(v)})`];
    });
    if (codes.length === 0) return undefined;
    return (v) => joined(named === undefined ? '&&' : '||', codes, v);
  }

  function detailsOf(type: TypeName, schema: SchemaObject): CodeFor | undefined {
    switch (type) {
      case 'string':
        return textDetails(declarations, schema);
      case 'number':
      case 'integer':
        return numberDetails(schema);
      case 'array':
        return arrayDetails({ of, declarations }, schema);
      case 'object':
        return objectDetails({ of, declarations }, schema);
      default:
        return undefined;
    }
  }

  return { of, declarations: declarations.lines };
}
