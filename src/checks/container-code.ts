/** Code for what keywords say of an array or an object, and of what is in it. */

import type { Schema, SchemaObject } from '../../description/description.ts';
import { type CodeFor, type Declarations, isCall } from './declarations.ts';
import { matches } from './primitive-code.ts';

export type SchemaParts = {
  /** Undefined for a schema that everything passes. */
  of(schema: Schema): CodeFor | undefined;
  declarations: Declarations;
};

/** Names that a plain object inherits. */
const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

export function arrayDetails({ of, declarations }: SchemaParts, schema: SchemaObject): CodeFor | undefined {
  const { items = true, prefixItems, minItems, maxItems, uniqueItems } = schema;
  const first = Array.isArray(prefixItems) ? (prefixItems as Schema[]) : [];
  const statements: string[] = ['const n = v.length;'];
  if (typeof minItems === 'number') statements.push(`if (n < ${minItems}) return false;`);
  if (typeof maxItems === 'number') statements.push(`if (n > ${maxItems}) return false;`);
  for (const [index, schema] of first.entries()) {
    const code = of(schema);
    if (code !== undefined)
      statements.push(
        `if (n > ${index}) { const v${index} = v[${index}]; if (!(${code(`v${index}`)})) return false; }`,
      );
  }
  const rest = of(items as Schema);
  if (rest !== undefined)
    statements.push(`for (let i = ${first.length}; i < n; i++) { const e = v[i]; if (!(${rest('e')})) return false; }`);
  if (uniqueItems === true) statements.push('if (!areUnique(v)) return false;');
  return statements.length === 1 ? undefined : declarations.functionOf([...statements, 'return true;'].join(' '));
}

export function objectDetails({ of, declarations }: SchemaParts, schema: SchemaObject): CodeFor | undefined {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
  const names = properties.map(([name]) => name);
  const conditions: string[] = [];
  for (const name of required) if (!properties.some(([own]) => own === name)) properties.push([name, true]);
  for (const [name, inner] of properties) {
    const code = of(inner);
    const value = INHERITED.has(name) ? `own(v, ${JSON.stringify(name)})` : `v[${JSON.stringify(name)}]`;
    // Null passes in the place of undefined, which a property that may be left out may be.
    if (!required.has(name)) {
      if (code !== undefined) conditions.push(`((x = ${value}) == null || ${code('x')})`);
    } else if (code === undefined) conditions.push(`${value} !== undefined`);
    else conditions.push(`((x = ${value}) !== undefined && ${code('x')})`);
  }
  // What is decided at once comes first: a union is told apart by it.
  conditions.sort((a, b) => Number(isCall(a)) - Number(isCall(b)));
  const statements = conditions.length === 0 ? [] : ['let x;', `if (!(${conditions.join(' && ')})) return false;`];
  statements.push(...countDetails(schema), ...otherProperties({ of, declarations }, schema, names));
  return statements.length === 0 ? undefined : declarations.functionOf([...statements, 'return true;'].join(' '));
}

function otherProperties({ of, declarations }: SchemaParts, schema: SchemaObject, names: readonly string[]): string[] {
  const patterns = Object.entries((schema.patternProperties ?? {}) as Record<string, Schema>);
  const { additionalProperties = true } = schema;
  const others = of(additionalProperties as Schema);
  const matched = patterns.flatMap(([pattern, inner]) => {
    const code = of(inner);
    return [
      `if (${matches(declarations, pattern, 'key')}) { isNamed = true; ${code === undefined ? '' : `if (!(${code('e')})) return false;`} }`,
    ];
  });
  if (others === undefined && matched.length === 0) return [];
  const known = names.length === 0 ? 'false' : `${declarations.constant(`new Set(${JSON.stringify(names)})`)}.has(key)`;
  const rest = others === undefined ? '' : `if (!isNamed && !(${others('e')})) return false;`;
  return [`for (const key of keys(v)) { const e = v[key]; let isNamed = ${known}; ${matched.join(' ')} ${rest} }`];
}

function countDetails({ minProperties, maxProperties }: SchemaObject): string[] {
  return [
    ...(typeof minProperties === 'number' ? [`if (keys(v).length < ${minProperties}) return false;`] : []),
    ...(typeof maxProperties === 'number' ? [`if (keys(v).length > ${maxProperties}) return false;`] : []),
  ];
}
