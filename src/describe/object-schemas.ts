/** The schemas of objects, by their properties. */

import type { Schema, SchemaObject } from '../../description/description.ts';
import { builtInSchema } from './built-in-types.ts';
import { withComment } from './comments.ts';
import type { Compiler, Property, Type } from './compiler.ts';
import { mayBeUndefined, membersOf } from './members.ts';
import { type Reading, unknown } from './reading.ts';
import { nullable } from './schema-parts.ts';
import { typesWith } from './structural-types.ts';
import { templatePattern } from './template-pattern.ts';

/** @param left the names of properties that are no part of the value. */
export function objectSchema(
  reading: Reading,
  type: Type,
  path: string,
  left: ReadonlySet<string> = new Set(),
): Schema {
  const { compiler, note } = reading;
  const special = builtInSchema(reading, type, path);
  if (special !== undefined) return special;
  const className = compiler.classOf(type);
  if (className !== undefined)
    return unknown(reading, path, `${className} is a class: its instances arrive as plain objects`);
  if (compiler.isFunction(type)) return unknown(reading, path, 'a function cannot be sent');
  const members: [string, Schema][] = [];
  const required: string[] = [];
  const methods: string[] = [];
  for (const property of compiler.propertiesOf(type)) {
    if (left.has(property.name)) continue;
    const at = `${path}${memberName(property.name)}`;
    if (isMethod(compiler, property)) {
      note(at, 'a function cannot be sent: it is left out');
      if (!property.isOptional) methods.push(property.name);
    } else {
      members.push([property.name, memberSchema(reading, property, at)]);
      if (!property.isOptional && !mayBeUndefined(compiler, property.type)) required.push(property.name);
    }
  }
  const indexes = indexSchemas(reading, type, path);
  // `{}` is everything but null and undefined.
  if (members.length === 0 && methods.length === 0 && Object.keys(indexes).length === 0) return true;
  const names = members.map(([name]) => name);
  return {
    type: typesWith({
      names,
      required,
      methods,
      indexes: compiler.indexesOf(type),
      kindOf: (each) => compiler.shapeOf(each).kind,
    }),
    ...(members.length > 0 && { properties: Object.fromEntries(members) }),
    ...(required.length > 0 && { required: required.sort() }),
    ...indexes,
  };
}

function isMethod(compiler: Compiler, { type }: Property): boolean {
  const types = membersOf(compiler, type).filter((each) => compiler.shapeOf(each).kind !== 'undefined');
  return types.length > 0 && types.every((each) => compiler.isFunction(each));
}

function memberSchema({ of, note }: Reading, { type, isOptional, comment }: Property, path: string): Schema {
  const schema = of(type, path);
  return withComment(isOptional ? nullable(schema) : schema, comment(), (text) => note(path, text));
}

function indexSchemas({ compiler, of }: Reading, type: Type, path: string): SchemaObject {
  const patterns: [string, Schema][] = [];
  let others: Schema | undefined;
  let items: Schema | undefined;
  for (const { key, value } of compiler.indexesOf(type)) {
    const shape = compiler.shapeOf(key);
    if (shape.kind === 'symbol') continue;
    const schema = of(value, `${path}[]`);
    if (shape.kind === 'template') patterns.push([templatePattern(compiler, shape.texts, shape.types), schema]);
    else if (shape.kind === 'number') {
      patterns.push(['^-?\\d+(?:\\.\\d+)?$', schema]);
      items = schema;
    } else others = schema;
  }
  return {
    ...(patterns.length > 0 && { patternProperties: Object.fromEntries(patterns) }),
    ...(others !== undefined && { additionalProperties: others }),
    // Those of an array are numbers too.
    ...(items !== undefined && { items }),
  };
}

/** As it stands behind its object. */
function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}
