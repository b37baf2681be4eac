/** The schema of each type construct of test/fixtures/describe/constructs.ts; the same by every compiler. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Description, MethodDescription, Schema } from '../../../description/description.ts';
import { describeModule } from '../../../src/describe/describe-module.ts';
import { CONSTRUCTS, describedConstructs, DESCRIBE_TIMEOUT_MS as TIMEOUT_MS } from '../../helpers/described.ts';
import { notTested } from '../../helpers/not-tested.ts';
import '../../helpers/with-compile-cache.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const NATIVE = describedConstructs();

async function method(name: string): Promise<MethodDescription> {
  const found = (await NATIVE).methods.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not described`);
  return found;
}

async function notesOn(name: string): Promise<string[]> {
  return (await NATIVE).notes.filter((note) => note.method === name).map(({ path, text }) => `${path}: ${text}`);
}

const NUMBER =
  '(?:[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|0[xX][\\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|-?Infinity|NaN)';

/** The schema of the parameter of each method that returns its parameter. */
const SCHEMAS: Readonly<Record<string, Schema>> = {
  any: true,
  anyObject: { type: ['array', 'object'] },
  awaited: { type: 'number' },
  bigint: { 'x-messagepack': 'bigint' },
  boolean: { type: 'boolean' },
  booleanOrText: { anyOf: [{ type: 'boolean' }, { type: 'string', enum: ['auto'] }] },
  brandedNumber: { type: 'number' },
  brandedObject: { $ref: '#/$defs/Branded' },
  brandedText: { type: 'string' },
  buffer: { 'x-messagepack': 'bytes' },
  bytes: { 'x-messagepack': 'bytes' },
  callback: true,
  chain: { $ref: '#/$defs/Chain' },
  conditional: { type: 'string', enum: ['x'] },
  constObject: { type: 'string', enum: ['down', 'up'] },
  constrained: { type: 'object', properties: { id: { type: 'number' } }, required: ['id'] },
  date: { type: 'string', format: 'date-time', 'x-messagepack': 'date' },
  derived: { $ref: '#/$defs/Derived' },
  discriminated: {
    anyOf: [
      {
        type: 'object',
        properties: { ok: { type: 'boolean', enum: [false] }, error: { type: 'string' } },
        required: ['error', 'ok'],
      },
      {
        type: 'object',
        properties: { ok: { type: 'boolean', enum: [true] }, value: { type: 'number' } },
        required: ['ok', 'value'],
      },
    ],
  },
  endless: { $ref: '#/$defs/Endless_string' },
  enumMember: { type: 'number', enum: [10] },
  error: true,
  empty: { $ref: '#/$defs/Marker' },
  flags: { type: 'integer', minimum: 0, maximum: 7 },
  floats: true,
  form: { $ref: '#/$defs/Form' },
  formOrNull: {
    anyOf: [
      {
        type: 'object',
        properties: { kind: { type: 'string', enum: ['circle'] }, radius: { type: 'number' } },
        required: ['kind', 'radius'],
      },
      {
        type: 'object',
        properties: { kind: { type: 'string', enum: ['square'] }, side: { type: 'number' } },
        required: ['kind', 'side'],
      },
      { type: 'null' },
    ],
  },
  generic: { $ref: '#/$defs/Page_Person' },
  inNamespace: { $ref: '#/$defs/Place' },
  index: { type: 'object', additionalProperties: { type: 'number' } },
  indexAndNames: {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    patternProperties: { '^data-[\\s\\S]*$': { type: 'string' } },
  },
  inlineObject: {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: ['number', 'null'] }, c: { type: ['boolean', 'null'] } },
    required: ['a'],
  },
  instance: true,
  interfaceRecursive: { $ref: '#/$defs/Person' },
  intersection: {
    type: 'object',
    properties: { value: { type: 'number' }, id: { type: 'string' } },
    required: ['id', 'value'],
  },
  iterable: { type: 'array', items: { type: 'number' }, 'x-messagepack': 'iterable' },
  iterableOfText: { type: ['string', 'array'], items: { type: 'string' }, 'x-messagepack': 'iterable' },
  json: { $ref: '#/$defs/Json' },
  keys: { type: 'string', enum: ['value'] },
  limits: { $ref: '#/$defs/Limits' },
  list: { type: 'array', items: { type: 'string' } },
  listOfOptional: { type: 'array', items: { type: ['string', 'null'] } },
  listLike: { type: ['string', 'array', 'object'], items: { type: 'string' }, 'x-messagepack': 'iterable' },
  literal: { type: 'string', enum: ['a'] },
  literals: { type: ['string', 'number', 'boolean'], enum: ['a', 'b', 3, true] },
  literalsOrNull: { type: ['string', 'null'], enum: ['a', 'b', null] },
  looseRecord: { type: ['array', 'object'], additionalProperties: true },
  map: { 'x-messagepack': 'map', 'x-keys': { type: 'string' }, 'x-values': { $ref: '#/$defs/Leaf' } },
  mapped: {
    type: 'object',
    properties: { get_a: { type: 'number' }, get_b: { type: 'number' } },
    required: ['get_a', 'get_b'],
  },
  nested: {
    type: 'object',
    properties: {
      rows: {
        type: 'array',
        items: {
          type: 'object',
          properties: { cells: { type: 'array', items: { anyOf: [{ $ref: '#/$defs/Leaf' }, { type: 'null' }] } } },
          required: ['cells'],
        },
      },
    },
    required: ['rows'],
  },
  never: false,
  notNullish: true,
  nullOnly: { type: 'null' },
  number: { type: 'number' },
  numberIndex: {
    type: ['string', 'array', 'object'],
    patternProperties: { '^-?\\d+(?:\\.\\d+)?$': { type: 'string' } },
    items: { type: 'string' },
  },
  numericEnum: { type: 'number', enum: [0, 10] },
  omit: {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'How others call them.' },
      age: { type: ['integer', 'null'], minimum: 0, description: 'In years.' },
    },
    required: ['name'],
  },
  orNull: { type: ['string', 'null'] },
  orUndefined: { type: ['string', 'null'] },
  ownBytes: { 'x-messagepack': 'bytes' },
  pair: {
    type: ['array', 'object'],
    properties: { 0: { type: 'string' }, 1: { type: 'number' } },
    required: ['0', '1'],
  },
  partial: { type: 'object', properties: { value: { type: ['number', 'null'] }, id: { type: ['string', 'null'] } } },
  pick: {
    type: 'object',
    properties: { name: { type: 'string', description: 'How others call them.' } },
    required: ['name'],
  },
  printable: { type: ['string', 'number', 'boolean', 'array', 'object'] },
  readable: { type: 'object', properties: { stream: true }, required: ['stream'] },
  readonlyList: { type: 'array', items: { type: 'number' } },
  record: { type: 'object', additionalProperties: { $ref: '#/$defs/Leaf' } },
  recordOfNames: {
    type: 'object',
    properties: { left: { type: 'number' }, right: { type: 'number' } },
    required: ['left', 'right'],
  },
  regExp: true,
  required: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  satisfying: { type: 'string' },
  set: { 'x-messagepack': 'set', 'x-items': { type: 'number' } },
  suggestions: { type: 'string' },
  symbol: true,
  symbolKeys: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  template: {
    anyOf: [
      { type: 'string', pattern: `^v${NUMBER}\\.[\\s\\S]*$` },
      { type: 'string', pattern: `^w${NUMBER}\\.[\\s\\S]*$` },
    ],
  },
  text: { type: 'string' },
  textEnum: { type: 'string', enum: ['bad', 'good'] },
  textOrNumber: { type: ['string', 'number'] },
  timed: { type: ['string', 'object'] },
  tree: { $ref: '#/$defs/Tree' },
  tuple: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false, minItems: 2 },
  tupleMiddle: { type: 'array', items: { type: ['string', 'number'] }, minItems: 1 },
  tupleOptional: {
    type: 'array',
    prefixItems: [{ type: 'string' }, { type: ['number', 'null'] }],
    items: false,
    minItems: 1,
  },
  tupleRest: { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' }, minItems: 1 },
  unconstrained: true,
  undefinedOnly: { type: 'null' },
  unknown: true,
  unresolvable: true,
  upper: { type: 'string' },
  url: { type: 'string', format: 'uri' },
  withLength: {
    type: ['string', 'array', 'object'],
    properties: { length: { type: 'number' } },
    required: ['length'],
  },
  withMethod: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  withThis: { type: 'string' },
  withToJson: { type: 'object', properties: { amount: { type: 'string' } }, required: ['amount'] },
};

for (const [name, schema] of Object.entries(SCHEMAS)) {
  test(`a type construct: ${name}`, async (t) => {
    t.timeout(TIMEOUT_MS);
    const { params } = await method(name);
    t.deepEqual(params[0]?.schema, schema);
  });
}

test('each construct is in the table', async (t) => {
  t.timeout(TIMEOUT_MS);
  const { methods } = await NATIVE;
  const own = methods.filter(({ params: [first], params }) => first?.name === 'value' && params.length === 1);
  t.deepEqual(
    own.map(({ name }) => name),
    Object.keys(SCHEMAS).sort(),
  );
  t.true(own.length >= 60);
});

test('named types are definitions; the recursive ones refer to themselves', async (t) => {
  t.timeout(TIMEOUT_MS);
  const { $defs } = await NATIVE;
  t.deepEqual(Object.keys($defs), [
    ...['Branded', 'Chain', 'Derived', 'Endless_string', 'Endless_string_2', 'Endless_string_3', 'Endless_string_4'],
    ...['Form', 'Json', 'Leaf', 'Limits', 'Marker', 'Page_Person', 'Person', 'Place', 'Tree'],
  ]);
  t.deepEqual($defs.Person, {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'How others call them.' },
      age: { type: ['integer', 'null'], minimum: 0, description: 'In years.' },
      friends: { type: 'array', items: { $ref: '#/$defs/Person' } },
    },
    required: ['friends', 'name'],
  });
  t.deepEqual($defs.Json, {
    anyOf: [
      { type: ['string', 'number', 'boolean', 'null'] },
      { type: 'array', items: { $ref: '#/$defs/Json' } },
      { type: 'object', additionalProperties: { $ref: '#/$defs/Json' } },
    ],
  });
  t.deepEqual($defs.Chain, { type: 'array', items: { $ref: '#/$defs/Chain' } });
  t.deepEqual($defs.Branded, { type: 'object', properties: { id: { type: 'number' } }, required: ['id'] });
  t.deepEqual($defs.Derived, {
    type: 'object',
    properties: { at: { type: 'string', format: 'date-time', 'x-messagepack': 'date' }, id: { type: 'string' } },
    required: ['at', 'id'],
  });
  t.is(($defs.Form as { description: string }).description, 'A circle or a square.');
  t.is(($defs.Endless_string_4 as { properties: { next: Schema } }).properties.next, true);
});

test('tags of comments are keywords', async (t) => {
  t.timeout(TIMEOUT_MS);
  const { $defs } = await NATIVE;
  const { properties } = $defs.Limits as { properties: Record<string, Schema> };
  t.deepEqual(properties, {
    count: { type: ['number', 'null'], minimum: 1, maximum: 10, description: 'How many.', default: 3 },
    name: { type: 'string', minLength: 1, maxLength: 20, pattern: '^[a-z]+$' },
    mail: { type: ['string', 'null'], format: 'email', deprecated: true },
    tags: { type: ['array', 'null'], items: { type: 'string' }, uniqueItems: true, maxItems: 5 },
    wrong: { type: ['number', 'null'] },
    sample: { type: ['string', 'null'], examples: ['a'] },
  });
  t.deepEqual(await notesOn('limits'), ['params.value.wrong: its @minimum is no number']);
});

type Result = { result: Schema; items?: Schema };

const RESULTS: Readonly<Record<string, Result>> = {
  nothing: { result: { type: 'null' } },
  promised: { result: { $ref: '#/$defs/Person' } },
  promisedNothing: { result: { type: 'null' } },
  sometimes: { result: { type: ['string', 'number'] } },
  asyncGenerator: { result: { type: 'string', enum: ['end'] }, items: { $ref: '#/$defs/Leaf' } },
  generator: { result: { type: 'null' }, items: { type: ['string', 'number'], enum: ['a', 1] } },
  asyncIterable: { result: true, items: { type: 'string' } },
  laterStream: { result: { type: 'null' }, items: { type: 'number' } },
  overloaded: { result: { type: ['string', 'number'] } },
};

for (const [name, { result, items }] of Object.entries(RESULTS)) {
  test(`a result: ${name}`, async (t) => {
    t.timeout(TIMEOUT_MS);
    const found = await method(name);
    t.deepEqual(found.result.schema, result);
    t.deepEqual(found.stream?.items, items);
  });
}

test('a parameter may be a stream', async (t) => {
  t.timeout(TIMEOUT_MS);
  const { params } = await method('streamIn');
  t.deepEqual(params, [
    {
      name: 'rows',
      schema: { type: 'object', properties: { $stream: { type: 'integer', minimum: 0 } }, required: ['$stream'] },
      required: true,
      stream: { items: { $ref: '#/$defs/Leaf' } },
    },
    { name: 'title', schema: { type: 'string' }, required: true },
  ]);
});

test('parameters may be optional, further ones, defaults, patterns, and those of a tuple', async (t) => {
  t.timeout(TIMEOUT_MS);
  t.deepEqual((await method('optional')).params, [
    { name: 'a', schema: { type: 'string' }, required: true },
    { name: 'b', schema: { type: ['number', 'null'] }, required: false },
    { name: 'others', schema: { type: 'boolean' }, required: false, rest: true },
  ]);
  const defaults = (await method('defaults')).params.map(({ schema }) => (schema as { default?: unknown }).default);
  t.deepEqual(defaults, ['x', -1, [1], { e: null }, undefined]);
  const destructured = (await method('destructured')).params;
  t.deepEqual(
    destructured.map(({ name, description }) => [name, description]),
    [
      ['size', 'how large it is'],
      ['items', undefined],
      ['leaf', undefined],
    ],
  );
  t.deepEqual((await method('restTuple')).params, [
    { name: 'first', schema: { type: 'string' }, required: true },
    { name: 'second', schema: { type: ['number', 'null'] }, required: false },
  ]);
  t.deepEqual(
    (await method('withThis')).params.map(({ name }) => name),
    ['value'],
  );
});

test('overloads are joined, and have a signature each', async (t) => {
  t.timeout(TIMEOUT_MS);
  const { signature, params } = await method('overloaded');
  t.deepEqual(signature, ['overloaded(value: string): string', 'overloaded(value: number, radix: number): number']);
  t.deepEqual(params, [
    { name: 'value', schema: { type: ['string', 'number'] }, required: true },
    { name: 'radix', schema: { type: 'number' }, required: false },
  ]);
});

test('the texts of a comment belong to the method', async (t) => {
  t.timeout(TIMEOUT_MS);
  t.deepEqual(await method('add'), {
    name: 'add',
    signature: ['add(a: number, b?: number): number'],
    summary: 'Adds.',
    description: 'Adds.\n\nBoth numbers.',
    deprecated: 'use plus',
    examples: ['add(1, 2)', 'add(1)'],
    throws: ['RangeError for a sum that is too large'],
    params: [
      { name: 'a', schema: { type: 'number' }, required: true, description: 'the first' },
      { name: 'b', schema: { type: ['number', 'null'], default: 5 }, required: false, description: 'the second' },
    ],
    result: { schema: { type: 'number' }, description: 'the sum' },
  });
});

test('what a schema leaves out has a note', async (t) => {
  t.timeout(TIMEOUT_MS);
  const first = async (name: string): Promise<string | undefined> => (await notesOn(name))[0];
  t.is(await first('any'), 'params.value: its type is any');
  t.is(await first('unresolvable'), 'params.value: the compiler does not find its type, Missing');
  t.is(await first('callback'), 'params.value: a function cannot be sent');
  t.is(await first('symbol'), 'params.value: a symbol cannot be sent');
  t.is(await first('regExp'), 'params.value: a RegExp cannot be sent');
  t.is(await first('error'), 'params.value: an Error cannot be sent');
  t.is(await first('instance'), 'params.value: Point is a class: its instances arrive as plain objects');
  t.is(await first('unconstrained'), 'params.value: Value depends on the caller');
  t.is(await first('withMethod'), 'params.value.run: a function cannot be sent: it is left out');
  t.deepEqual(await notesOn('endless'), [
    'params.value.next.next.next.next: Endless is within itself with other arguments',
  ]);
  const silent = ['asyncIterable', 'unknown', 'never', 'bytes', 'map', 'json', 'add'];
  t.deepEqual((await Promise.all(silent.map(notesOn))).flat(), []);
});

test('exports from other modules and packages are described; values and types are not', async (t) => {
  t.timeout(TIMEOUT_MS);
  const names = (await NATIVE).methods.map(({ name }) => name);
  t.true(names.includes('basename'));
  t.true(names.includes('limits'));
  t.false(names.includes('constant'));
  t.false(names.includes('Person'));
  t.deepEqual(names, names.toSorted());
});

test('the same sources give the same description', async (t) => {
  t.timeout(TIMEOUT_MS);
  const again = await describeModule({ module: CONSTRUCTS, timeoutMs: TIMEOUT_MS });
  t.is(JSON.stringify(again), JSON.stringify(await NATIVE));
});

/** Without what the compilers say in words of their own: the order of unions, and of members, in signatures. */
function comparable({ compiler: _, ...description }: Description): object {
  return { ...description, methods: description.methods.map(({ signature: __, ...each }) => each) };
}

for (const version of [5, 6]) {
  test(`TypeScript ${version} gives the same schemas, texts and notes`, async (t) => {
    t.timeout(2 * TIMEOUT_MS);
    const compiler = at(`packages/typescripts/node_modules/typescript-${version}`);
    if (!existsSync(compiler)) return notTested(t, 'needs npm ci --prefix packages/typescripts');
    const found = await describeModule({ module: CONSTRUCTS, compiler, timeoutMs: TIMEOUT_MS });
    t.regex(String(found.compiler), new RegExp(`^typescript ${version}\\.`));
    t.deepEqual(comparable(found), comparable(await NATIVE));
  });
}
