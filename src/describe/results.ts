/** What a call gives: a value, perhaps later, or a stream of values. */

import type { Schema } from '../../description/description.ts';
import type { Compiler, Type } from './compiler.ts';
import { membersOf } from './members.ts';
import type { Reading } from './reading.ts';
import { anyOf } from './schema-parts.ts';

export type ResultSchemas = { result: Schema; items: Schema | undefined };

/** What a stream gives, and what its end brings. */
type StreamTypes = { items: Type[]; ends: Type[] };

export function resultSchemas(compiler: Compiler, schemas: Reading, type: Type): ResultSchemas {
  const found = awaited(compiler, type).map((each) => ({ each, stream: streamOf(compiler, each, true) }));
  const values = found.filter(({ stream }) => stream === undefined);
  const streams = found.flatMap(({ stream }) => stream ?? []);
  const isValue = streams.length === 0;
  // As one type, if it is: it may have a name.
  if (isValue && found.length > 0 && awaitedIsItself(compiler, type))
    return { result: schemas.of(type, 'result'), items: undefined };
  const results = [
    ...values.map(({ each }) => schemas.of(each, 'result')),
    ...streams.flatMap(({ ends }) => ends).map((each) => endSchema(compiler, schemas, each)),
  ];
  const items = streams.flatMap((stream) => stream.items).map((each) => schemas.of(each, 'stream.items'));
  return {
    // A stream that ends without a value: undefined is null.
    result: results.length === 0 ? { type: 'null' } : anyOf(results),
    items: isValue ? undefined : anyOf(items),
  };
}

/** What `AsyncGenerator<Item>` returns is any, unless its source says otherwise: nothing is left out. */
function endSchema(compiler: Compiler, schemas: Reading, type: Type): Schema {
  return compiler.shapeOf(type).kind === 'any' || schemas.of(type, 'result');
}

/** The items of a parameter that may be a stream; the handler gets an async iterable. */
export function streamParamSchema(compiler: Compiler, schemas: Reading, type: Type, path: string): Schema | undefined {
  const streams = membersOf(compiler, type).flatMap((each) => streamOf(compiler, each, false) ?? []);
  if (streams.length === 0) return undefined;
  return anyOf(streams.flatMap(({ items }) => items).map((each) => schemas.of(each, `${path}.items`)));
}

function awaitedIsItself(compiler: Compiler, type: Type): boolean {
  return membersOf(compiler, type).every((each) => fulfilmentOf(compiler, each) === undefined);
}

/** What a promise of any depth resolves with; the types of a union, one by one. */
function awaited(compiler: Compiler, type: Type, depth = 0): Type[] {
  return membersOf(compiler, type).flatMap((each) => {
    const value = depth < 10 ? fulfilmentOf(compiler, each) : undefined;
    if (value === undefined) return [each];
    // Kept whole: a union may have a name.
    return awaitedIsItself(compiler, value) && !hasStream(compiler, value)
      ? [value]
      : awaited(compiler, value, depth + 1);
  });
}

function hasStream(compiler: Compiler, type: Type): boolean {
  return membersOf(compiler, type).some((each) => streamOf(compiler, each, true) !== undefined);
}

/** What `then` gives its first function. */
function fulfilmentOf(compiler: Compiler, type: Type): Type | undefined {
  const builtIn = compiler.builtInOf(type);
  if (builtIn?.name === 'Promise' || builtIn?.name === 'PromiseLike') return builtIn.args[0];
  const then = propertyOf(compiler, type, 'then');
  const [onFulfilled] = then === undefined ? [] : (compiler.callsOf(then)[0]?.params ?? []);
  if (onFulfilled === undefined) return undefined;
  const callback = membersOf(compiler, onFulfilled).find((each) => compiler.isFunction(each));
  return callback && compiler.callsOf(callback)[0]?.params[0];
}

/**
 * Async iterables and web ReadableStreams; of results also iterators that are iterable, such as generators: see
 * workers/stream/is-stream.ts.
 */
function streamOf(compiler: Compiler, type: Type, isResult: boolean): StreamTypes | undefined {
  if (compiler.shapeOf(type).kind !== 'object') return undefined;
  const builtIn = compiler.builtInOf(type);
  const [item] = builtIn?.args ?? [];
  if (builtIn?.name === 'ReadableStream' && item !== undefined) return { items: [item], ends: [] };
  const iterate = compiler.symbolPropertyOf(type, 'asyncIterator');
  if (iterate !== undefined) {
    const iterator = compiler.callsOf(iterate)[0]?.result;
    return iterator && stepsOf(compiler, iterator);
  }
  const isIterator = isResult && compiler.symbolPropertyOf(type, 'iterator') !== undefined;
  return isIterator ? stepsOf(compiler, type) : undefined;
}

/** What `next` of an iterator gives. */
function stepsOf(compiler: Compiler, iterator: Type): StreamTypes | undefined {
  const next = propertyOf(compiler, iterator, 'next');
  const step = next && compiler.callsOf(next)[0]?.result;
  if (step === undefined) return undefined;
  const types: StreamTypes = { items: [], ends: [] };
  for (const each of awaited(compiler, step).flatMap((steps) => membersOf(compiler, steps))) {
    const value = propertyOf(compiler, each, 'value');
    const done = propertyOf(compiler, each, 'done');
    const shape = done && compiler.shapeOf(done);
    const isEnd = shape?.kind === 'literal' && shape.value === true;
    if (value !== undefined) types[isEnd ? 'ends' : 'items'].push(value);
  }
  return types;
}

function propertyOf(compiler: Compiler, type: Type, name: string): Type | undefined {
  return compiler.propertiesOf(type).find((property) => property.name === name)?.type;
}
