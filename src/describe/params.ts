/** The parameters of methods. */

import type { ParamDescription, Schema } from '../../description/description.ts';
import { paramNameAt, paramText, withoutHyphen } from './comments.ts';
import type { Comment, Compiler, Param, Signature, Type } from './compiler.ts';
import { literalValue } from './literal-value.ts';
import { isOrUndefined } from './members.ts';
import type { Reading } from './reading.ts';
import { streamParamSchema } from './results.ts';
import { annotated, anyOf, nullable } from './schema-parts.ts';

/** What stands in the place of a parameter that is a stream: docs/protocol.md. */
const STREAM_PARAM: Schema = {
  type: 'object',
  properties: { $stream: { type: 'integer', minimum: 0 } },
  required: ['$stream'],
};

export function paramsOf(
  compiler: Compiler,
  schemas: Reading,
  { params }: Signature,
  comment: Comment,
): ParamDescription[] {
  const names = new Set<string>();
  return params.map((param, index) => {
    const name = uniqueName(param.name ?? paramNameAt(comment, index) ?? nameOfType(compiler, param.type), names);
    const path = `params.${name}`;
    const items = streamParamSchema(compiler, schemas, param.type, path);
    const isRequired = !param.isOptional && !param.isRest && !isOrUndefined(compiler, param.type);
    const schema = items === undefined ? schemas.of(param.type, path) : STREAM_PARAM;
    // TypeScript 7.0.2 finds no comment of `exports.add = function () {}`, but its tags.
    const text = withoutHyphen(param.comment) || paramText(comment, name);
    return {
      name,
      schema: withDefault(param.isOptional && !param.isRest ? nullable(schema) : schema, param),
      required: isRequired,
      ...(param.isRest && { rest: true as const }),
      ...(items !== undefined && { stream: { items } }),
      ...(text !== '' && { description: text }),
    };
  });
}

function withDefault(schema: Schema, { initializer }: Param): Schema {
  const value = initializer === undefined ? undefined : literalValue(initializer);
  return value === undefined ? schema : annotated(schema, { default: value });
}

/** Of a destructured parameter: `UserOptions` is `userOptions`. */
function nameOfType(compiler: Compiler, type: Type): string {
  const { name, isBuiltIn } = compiler.nameOf(type) ?? { name: '', isBuiltIn: true };
  if (isBuiltIn || !/^[A-Za-z_$][\w$]*$/.test(name))
    return compiler.shapeOf(type).kind === 'object' ? 'options' : 'items';
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function uniqueName(name: string, names: Set<string>): string {
  for (let count = 1; ; count += 1) {
    const free = count === 1 ? name : `${name}${count}`;
    if (names.has(free)) continue;
    names.add(free);
    return free;
  }
}

/** Those of several overloads, by their places. */
export function joinParams(all: readonly (readonly ParamDescription[])[]): ParamDescription[] {
  const [first = [], ...others] = all;
  if (others.length === 0) return [...first];
  const length = Math.max(...all.map((params) => params.length));
  const names = new Set<string>();
  return Array.from({ length }, (_, index) => {
    const present = all.flatMap((params) => params[index] ?? []);
    const [{ name, description, stream } = { name: 'value' } as ParamDescription] = present;
    const rest = present.some((param) => param.rest) && index === length - 1;
    return {
      name: uniqueName(name, names),
      schema: anyOf(present.map(({ schema }) => schema)),
      required: present.length === all.length && present.every(({ required }) => required),
      ...(rest && { rest: true as const }),
      ...(stream !== undefined && { stream }),
      ...(description !== undefined && { description }),
    };
  });
}
