/** The schemas of tuples. */

import type { Schema } from '../../description/description.ts';
import type { TupleElement, Type } from './compiler.ts';
import { anyOf, nullable } from './schema-parts.ts';

export function tupleSchema(
  elements: readonly TupleElement[],
  schemaOf: (type: Type, index: number) => Schema,
): Schema {
  const rest = elements.findIndex(({ isRest }) => isRest);
  const schemas = elements.map(({ type, isOptional }, index) =>
    isOptional ? nullable(schemaOf(type, index)) : schemaOf(type, index),
  );
  const minItems = elements.filter(({ isOptional, isRest }) => !isOptional && !isRest).length;
  const fixed = rest === -1 ? schemas : schemas.slice(0, rest);
  // Behind a rest, no place is fixed.
  const items = rest === -1 ? false : anyOf(schemas.slice(rest));
  return {
    type: 'array',
    ...(fixed.length > 0 && { prefixItems: fixed }),
    items,
    ...(minItems > 0 && { minItems }),
  };
}
