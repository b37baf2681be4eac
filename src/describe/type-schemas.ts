/** The schemas of types. */

import type { Definitions } from '../../description/definitions.ts';
import type { Schema } from '../../description/description.ts';
import { jsonOf } from './built-in-types.ts';
import { withComment } from './comments.ts';
import type { Compiler, Shape, Type, TypeName } from './compiler.ts';
import { objectSchema } from './object-schemas.ts';
import { type Note, type Reading, unknown } from './reading.ts';
import { enumOf } from './schema-parts.ts';
import { templatePattern } from './template-pattern.ts';
import { tupleSchema } from './tuples.ts';
import { intersectionSchema, unionSchema } from './union-schemas.ts';

/** The method has more types than a description takes. */
export class TooLarge extends Error {}

/** How many types one method may have, those within types included. */
export const MAX_TYPES = 5_000;
/** How deeply types may be nested: a generic type may refer to itself with other arguments without end. */
const MAX_DEPTH = 32;

/** How often a generic type may be within itself, with other arguments each time. */
const MAX_INSTANCES = 4;

type Open = { name: string | undefined; generic: string | undefined };

/** The types of one method. */
export function createTypeSchemas(
  compiler: Compiler,
  definitions: Definitions,
  /** The names of the types that are definitions. */
  known: Map<Type, string>,
  note: Note,
): Reading {
  /** The types that are being read: one that comes again within itself is a definition. */
  const open = new Map<Type, Open>();
  let count = 0;
  const reading: Reading = { compiler, of, note };

  function of(type: Type, path: string): Schema {
    count += 1;
    if (count > MAX_TYPES) throw new TooLarge();
    const defined = known.get(type);
    if (defined !== undefined) return definitions.refTo(defined);
    const shape = compiler.shapeOf(type);
    switch (shape.kind) {
      case 'object':
      case 'union':
      case 'intersection':
      case 'array':
      case 'tuple':
        return structured(type, shape, path);
      default:
        return plain(type, shape, path);
    }
  }

  /** A type that others may be in, and it in itself. */
  function structured(type: Type, shape: Shape, path: string): Schema {
    const again = open.get(type);
    const name = compiler.nameOf(type);
    if (again !== undefined) {
      again.name ??= definitions.nameFor(nameText(name));
      return definitions.refTo(again.name);
    }
    if (open.size >= MAX_DEPTH)
      return unknown(reading, path, `${compiler.textOf(type)} is nested more deeply than ${MAX_DEPTH}`);
    const generic = name !== undefined && name.args.length > 0 ? name.name : undefined;
    if (generic !== undefined && [...open.values()].filter((each) => each.generic === generic).length >= MAX_INSTANCES)
      return unknown(reading, path, `${generic} is within itself with other arguments`);
    const entry: Open = {
      generic,
      name: isDefinition(type, shape, name) ? definitions.nameFor(nameText(name)) : undefined,
    };
    open.set(type, entry);
    const found = bodyOf(type, shape, path);
    open.delete(type);
    const comment = name === undefined || name.isBuiltIn ? undefined : name.comment;
    const schema = comment === undefined ? found : withComment(found, comment, (text) => note(path, text));
    if (entry.name === undefined) return schema;
    definitions.set(entry.name, schema);
    known.set(type, entry.name);
    return definitions.refTo(entry.name);
  }

  function isDefinition(type: Type, shape: Shape, name: TypeName | undefined): boolean {
    if (name === undefined || name.isBuiltIn) return false;
    if (shape.kind === 'object') return isPlainObject(type);
    // A union of literals stands where it is used; one of objects has a name of its own.
    if (shape.kind === 'intersection' || shape.kind === 'union')
      return shape.types.every((each) => isPlainObject(each));
    return false;
  }

  function isPlainObject(type: Type): boolean {
    return (
      compiler.shapeOf(type).kind === 'object' &&
      compiler.classOf(type) === undefined &&
      !compiler.isFunction(type) &&
      jsonOf(compiler, type) === undefined &&
      compiler.builtInOf(type)?.args.length !== 0
    );
  }

  function bodyOf(type: Type, shape: Shape, path: string): Schema {
    switch (shape.kind) {
      case 'array':
        return { type: 'array', items: of(shape.item, `${path}[]`) };
      case 'tuple':
        return tupleSchema(shape.elements, (element, index) => of(element, `${path}[${index}]`));
      case 'union':
        return unionSchema(reading, shape.types, path);
      case 'intersection':
        return intersectionSchema(reading, type, shape.types, path);
      default:
        return objectSchema(reading, type, path);
    }
  }

  function plain(type: Type, shape: Shape, path: string): Schema {
    switch (shape.kind) {
      case 'any':
        return unknown(reading, path, 'its type is any');
      case 'unresolved':
        return unknown(reading, path, `the compiler does not find its type, ${compiler.textOf(type)}`);
      case 'never':
        return false;
      case 'undefined':
      case 'null':
        return { type: 'null' };
      case 'string':
      case 'number':
      case 'boolean':
        return { type: shape.kind };
      case 'bigint':
        return { 'x-messagepack': 'bigint' };
      case 'nonPrimitive':
        return { type: ['array', 'object'] };
      case 'symbol':
        return unknown(reading, path, 'a symbol cannot be sent');
      case 'literal':
        return typeof shape.value === 'bigint' ? { 'x-messagepack': 'bigint' } : enumOf([shape.value]);
      case 'template':
        return { type: 'string', pattern: templatePattern(compiler, shape.texts, shape.types) };
      case 'open':
        return shape.constraint === undefined
          ? unknown(reading, path, `${compiler.textOf(type)} depends on the caller`)
          : of(shape.constraint, path);
      default:
        return true;
    }
  }

  function nameText(name: TypeName | undefined): string {
    if (name === undefined) return 'Type';
    return [name.name, ...name.args.map((arg) => compiler.textOf(arg))].join('_');
  }

  return reading;
}
