import test from 'ava';
import fc from 'fast-check';
import type { Description, MethodDescription, ParamDescription, Schema } from '../../../description/description.ts';
import { ArgumentsError, inputSchema, outputSchema, paramsFrom } from '../../../src/mcp/tool-shape.ts';
import { descriptionOf, TOOLS_AGENT } from '../../helpers/mcp-agents.ts';
import { declareWith } from '../../helpers/not-tested.ts';
import { createAjv } from '../../helpers/oracles.ts';

const tested = declareWith(test);

const param = (name: string, schema: Schema, more: Partial<ParamDescription> = {}): ParamDescription => ({
  name,
  schema,
  required: true,
  ...more,
});
const method = (params: ParamDescription[], result: Schema = true): MethodDescription => ({
  name: 'm',
  signature: ['m()'],
  params,
  result: { schema: result },
});

test('arguments have the names of the parameters, in any order', (t) => {
  const add = method([param('a', { type: 'number' }, { description: 'first' }), param('b', true, { required: false })]);
  t.deepEqual(inputSchema(add, {}), {
    type: 'object',
    properties: { a: { description: 'first', type: 'number' }, b: true },
    required: ['a'],
    additionalProperties: false,
  });
  t.deepEqual(paramsFrom(add, {}, { b: 2, a: 1 }), [1, 2]);
  t.deepEqual(paramsFrom(add, {}, { a: 1 }), [1]);
  t.throws(() => paramsFrom(add, {}, {}), {
    instanceOf: ArgumentsError,
    message: /^missing arguments: a\. .*b \(optional\)/,
  });
  t.throws(() => paramsFrom(add, {}, { a: 1, c: 2 }), {
    instanceOf: ArgumentsError,
    message: /^unknown arguments: c\./,
  });
  t.throws(() => paramsFrom(method([]), {}, { a: 1 }), { message: 'unknown arguments: a. The tool has none.' });
});

test('a parameter that is left out in front of others is its default, or null', (t) => {
  const all = method([
    param('a', { type: 'number', default: 3 }, { required: false }),
    param('b', true, { required: false }),
    param('c', true, { required: false }),
  ]);
  t.deepEqual(paramsFrom(all, {}, { c: 1 }), [3, null, 1]);
  t.deepEqual(paramsFrom(all, {}, {}), []);
});

test('the only parameter gives its properties, if it is an object', (t) => {
  const $defs = {
    User: { type: 'object', properties: { name: { type: 'string' }, friend: { $ref: '#/$defs/User' } } },
  };
  const user = method([param('user', { $ref: '#/$defs/User' })]);
  t.deepEqual(inputSchema(user, $defs), { ...$defs.User, $defs });
  t.deepEqual(paramsFrom(user, $defs, { name: 'A' }), [{ name: 'A' }]);
  t.deepEqual(paramsFrom(user, $defs, {}), [{}]);

  const optional = method([
    param(
      'user',
      { anyOf: [{ $ref: '#/$defs/User' }, { type: 'null' }], description: 'of a user' },
      { required: false },
    ),
  ]);
  t.deepEqual(inputSchema(optional, $defs), { ...$defs.User, description: 'of a user', $defs });
  t.deepEqual(paramsFrom(optional, $defs, {}), []);
  t.deepEqual(paramsFrom(optional, $defs, { name: 'A' }), [{ name: 'A' }]);

  for (const schema of [
    { type: ['array', 'object'] },
    { 'x-messagepack': 'map' },
    { anyOf: [{ type: 'object' }, { type: 'string' }] },
    true,
  ]) {
    t.deepEqual(paramsFrom(method([param('a', schema)]), {}, { a: 1 }), [1]);
  }
});

test('a rest parameter, and one that may be a stream, are arrays', async (t) => {
  const all = method([
    param('a', { type: 'string' }),
    param('rest', { type: 'number' }, { rest: true, required: false }),
  ]);
  t.deepEqual((inputSchema(all, {}).properties as object)['rest' as never], {
    type: 'array',
    items: { type: 'number' },
  });
  t.deepEqual(paramsFrom(all, {}, { a: 'x', rest: [1, 2] }), ['x', 1, 2]);
  t.deepEqual(paramsFrom(all, {}, { a: 'x' }), ['x']);
  t.throws(() => paramsFrom(all, {}, { a: 'x', rest: 1 }), { message: 'the argument rest is no array' });

  const stream = method([param('values', { type: 'object' }, { stream: { items: { type: 'number' } } })]);
  t.deepEqual((inputSchema(stream, {}).properties as object)['values' as never], {
    type: 'array',
    items: { type: 'number' },
  });
  const [values] = paramsFrom(stream, {}, { values: [1, 2] });
  const items: number[] = [];
  for await (const value of values as AsyncIterable<number>) items.push(value);
  t.deepEqual(items, [1, 2]);
});

test('bytes, dates, BigInts, Maps and Sets come in their forms of JSON', (t) => {
  const natives = method([
    param('a', { 'x-messagepack': 'bytes' }),
    param('b', { type: 'string', format: 'date-time', 'x-messagepack': 'date' }),
    param('c', { anyOf: [{ 'x-messagepack': 'bigint' }, { type: 'null' }] }),
    param('d', { 'x-messagepack': 'map', 'x-keys': { type: 'string' }, 'x-values': { 'x-messagepack': 'bytes' } }),
    param('e', { type: 'object', properties: { set: { 'x-messagepack': 'set', 'x-items': true } } }),
  ]);
  const { properties } = inputSchema(natives, {}) as { properties: Record<string, unknown> };
  t.deepEqual(properties.a, { type: 'string', contentEncoding: 'base64' });
  t.deepEqual(properties.b, { type: 'string', format: 'date-time' });
  t.false(JSON.stringify(properties).includes('x-'));
  const given = {
    a: 'AQID',
    b: '2026-01-31T12:00:00.000Z',
    c: '12345678901234567890',
    d: [['k', 'AQ==']],
    e: { set: [1, 2], other: 'x' },
  };
  t.deepEqual(paramsFrom(natives, {}, given), [
    Uint8Array.of(1, 2, 3),
    new Date('2026-01-31T12:00:00.000Z'),
    12345678901234567890n,
    new Map([['k', Uint8Array.of(1)]]),
    { set: new Set([1, 2]), other: 'x' },
  ]);
  // What does not fit stays as it is, for the agent to refuse.
  const wrong = { a: 'not Base64!', b: 'no date', c: 'x', d: [1], e: { set: 1 } };
  t.deepEqual(paramsFrom(natives, {}, wrong), ['not Base64!', 'no date', 'x', [1], { set: 1 }]);
});

test('up to 2025-11-25 only an object is a structured result; later any JSON is', (t) => {
  const $defs = { Point: { type: 'object', properties: { x: { type: 'number' } } } };
  const legacy = (result: Schema): unknown => outputSchema(method([], result), $defs, '2025-11-25');
  const modern = (result: Schema): unknown => outputSchema(method([], result), $defs, '2026-07-28');
  t.deepEqual(legacy({ $ref: '#/$defs/Point' }), $defs.Point);
  t.deepEqual(modern({ $ref: '#/$defs/Point' }), { $ref: '#/$defs/Point', $defs });
  for (const schema of [
    { type: 'number' },
    { type: ['object', 'null'] },
    { anyOf: [{ $ref: '#/$defs/Point' }, { type: 'null' }] },
  ])
    t.is(legacy(schema), undefined);
  t.deepEqual(modern({ type: 'number' }), { type: 'number' });
  for (const era of [legacy, modern]) {
    t.is(era(true), undefined);
    t.is(era({ 'x-messagepack': 'bytes' }), undefined);
    t.is(era({ type: 'object', properties: { a: { 'x-messagepack': 'bytes' } } }), undefined);
  }
  const stream = { ...method([]), stream: { items: { type: 'number' } } };
  t.is(outputSchema(stream, {}, '2025-06-18'), undefined);
  t.deepEqual(outputSchema(stream, {}, '2026-07-28'), { type: 'array', items: { type: 'number' } });
});

test('any arguments by name go to their places, and back', (t) => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z_$][\w$]{0,5}$/), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(names, fc.infiniteStream(fc.jsonValue()), (all, values) => {
      const own = method(all.map((name) => param(name, true)));
      const given = Object.fromEntries(all.map((name) => [name, values.next().value]));
      t.deepEqual(
        paramsFrom(own, {}, given),
        all.map((name) => given[name]),
      );
    }),
  );
});

tested('the schemas of real methods are schemas of an object, which pass what the tools take', async (t) => {
  const description: Description = await descriptionOf(TOOLS_AGENT);
  const ajv = await createAjv('ajv/dist/2020.js');
  const passes = (name: string, given: object): boolean => {
    const own = description.methods.find((each) => each.name === name) as MethodDescription;
    const schema = inputSchema(own, description.$defs);
    t.is(schema.type, 'object');
    return ajv.compile(schema)(given);
  };
  for (const { name } of description.methods) passes(name, {});
  t.true(passes('add', { a: 1 }));
  t.false(passes('add', { b: 1 }));
  t.true(passes('greet', { name: 'A', polite: true }));
  t.false(passes('greet', { polite: true }));
  t.true(passes('join', { separator: ',', texts: ['a'] }));
  t.true(passes('natives', { data: 'AQID', when: '2026-01-31T12:00:00.000Z', tags: ['a'] }));
  t.true(passes('sum', { values: [1, 2] }));
  t.false(passes('sum', { values: ['1'] }));
});
