/** The schemas of unions and intersections. */

import type { Schema } from '../../description/description.ts';
import { builtInSchema } from './built-in-types.ts';
import type { Compiler, Type } from './compiler.ts';
import { objectSchema } from './object-schemas.ts';
import type { Reading } from './reading.ts';
import { anyOf, enumOf } from './schema-parts.ts';

export function unionSchema({ compiler, of }: Reading, types: readonly Type[], path: string): Schema {
  const all = types.map((each) => ({ each, shape: compiler.shapeOf(each) }));
  // Such as in the names of properties, which may be symbols too.
  const sent = all.filter(({ shape }) => shape.kind !== 'symbol');
  const shapes = sent.length === 0 ? all : sent;
  const values: unknown[] = [];
  const numbers: number[] = [];
  const others: Schema[] = [];
  // Sorted: the order of a union is not that of its source.
  for (const { each, shape } of shapes.toSorted((a, b) =>
    compiler.textOf(a.each) < compiler.textOf(b.each) ? -1 : 1,
  )) {
    if (shape.kind === 'literal' && shape.isEnum && typeof shape.value === 'number') numbers.push(shape.value);
    else if (shape.kind === 'literal' && typeof shape.value !== 'bigint') values.push(shape.value);
    else others.push(of(each, path));
  }
  const flags = flagsSchema(numbers);
  if (flags === undefined) values.push(...numbers);
  else others.push(flags);
  const isBoolean = values.includes(true) && values.includes(false);
  const literals = isBoolean ? values.filter((value) => typeof value !== 'boolean') : values;
  const enums = literals.length === 0 ? [] : [enumOf(literals)];
  return anyOf([...enums, ...(isBoolean ? [{ type: 'boolean' }] : []), ...others]);
}

/** Of an enum whose members are bits: `Flags.A | Flags.B` is none of them, and TypeScript takes it. */
function flagsSchema(values: readonly number[]): Schema | undefined {
  const bits = values.filter((value) => value > 0 && Number.isInteger(Math.log2(value)) && value < 2 ** 31);
  const all = bits.reduce((sum, bit) => sum + bit, 0);
  const isMask = (value: number): boolean =>
    Number.isInteger(value) && value >= 0 && value <= all && (value & all) === value;
  if (new Set(bits).size < 3 || !values.every(isMask)) return undefined;
  return { type: 'integer', minimum: 0, maximum: all };
}

/** Of a primitive type and an object, as for a brand, the object is no part of the value. */
export function intersectionSchema(reading: Reading, type: Type, types: readonly Type[], path: string): Schema {
  const { compiler, of } = reading;
  const value = types.find((each) => {
    const { kind } = compiler.shapeOf(each);
    return kind !== 'object' && kind !== 'union' && kind !== 'open' && kind !== 'nonPrimitive';
  });
  if (value !== undefined) return of(value, path);
  const special = types.find((each) => builtInSchema({ ...reading, note: () => undefined }, each, path) !== undefined);
  if (special !== undefined) return of(special, path);
  const instance = types.find((each) => compiler.classOf(each) !== undefined);
  if (instance !== undefined) return of(instance, path);
  return objectSchema(reading, type, path, brandsIn(compiler, types));
}

/** The names of the parts that have only names such as `__brand`. */
function brandsIn(compiler: Compiler, types: readonly Type[]): Set<string> {
  const names = types.map((each) => compiler.propertiesOf(each).map(({ name }) => name));
  return new Set(names.filter((each) => each.length > 0 && each.every((name) => /^__[a-z]/i.test(name))).flat());
}
