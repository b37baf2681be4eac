/** The checks that are made of a description: what they let through, and what they refuse. */
import test from 'ava';
import fc from 'fast-check';
import { argumentFault } from '../../../description/argument-faults.ts';
import type { Checks } from '../../../description/checks-file.ts';
import type { Description, MethodDescription, ParamDescription, Schema } from '../../../description/description.ts';
import { checksCode } from '../../../src/checks/checks-code.ts';
import { WELL_TYPED } from '../../fixtures/describe/well-typed.ts';
import { describedConstructs } from '../../helpers/described.ts';
import { mutationsOf, valuesOf } from '../../helpers/schema-values.ts';

const DESCRIPTION = describedConstructs();

function checksOf(description: Description): Checks['methods'] {
  const exports = {} as Checks;
  new Function('exports', checksCode(description))(exports);
  return exports.methods;
}

function descriptionOf(
  schema: Schema,
  $defs: Record<string, Schema> = {},
  param: Partial<ParamDescription> = {},
): Description {
  const method: MethodDescription = {
    name: 'method',
    signature: ['method(value)'],
    params: [{ name: 'value', schema, required: true, ...param }],
    result: { schema: true },
  };
  return { format: 1, methods: [method], $defs, notes: [] };
}

/** Whether a value passes, by the code; the search for faults must agree. */
function passes(
  t: { is(a: unknown, b: unknown, text?: string): void },
  description: Description,
  args: readonly unknown[],
): boolean {
  const passed = checksOf(description).method?.(args) ?? true;
  t.is(
    argumentFault(description, 'method', args) === undefined,
    passed,
    JSON.stringify([args, description.methods[0]?.params[0]?.schema]),
  );
  return passed;
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('no call that TypeScript accepts is refused, as JSON carries it', async (t) => {
  const description = await DESCRIPTION;
  t.is(description.reason, undefined);
  const checks = checksOf(description);
  for (const [name, calls] of Object.entries(WELL_TYPED)) {
    for (const args of calls) {
      const sent = asJson(args) as unknown[];
      t.is(
        checks[name]?.(sent) ?? true,
        true,
        `${name}(${JSON.stringify(sent)}): ${JSON.stringify(argumentFault(description, name, sent))}`,
      );
      t.is(argumentFault(description, name, sent), undefined, name);
    }
  }
});

test('nor is it with arguments that MessagePack carries as they are', async (t) => {
  const checks = checksOf(await DESCRIPTION);
  for (const name of ['date', 'bytes', 'buffer', 'map', 'set', 'iterable', 'derived'] as const)
    for (const args of WELL_TYPED[name]) t.is(checks[name]?.(args) ?? true, true, name);
  t.true(checks.iterable?.([new Set([1])]));
  t.false(checks.list?.([new Set(['a'])]));
});

test('for each method, the values of its schemas pass, and values that leave the type are refused where they do', async (t) => {
  const description = await DESCRIPTION;
  const checks = checksOf(description);
  let refused = 0;
  for (const { name, params } of description.methods) {
    const check = checks[name];
    const fixed = params.filter(({ rest }) => !rest);
    const values = fc.tuple(...fixed.map(({ schema }) => valuesOf(schema, description.$defs)));
    if (check === undefined || fixed.some(({ schema }) => schema === false)) continue;
    fc.assert(
      fc.property(values, fc.nat(), (args, seed) => {
        const before = JSON.stringify(args);
        t.true(check(args), `${name}${before}: ${JSON.stringify(argumentFault(description, name, args))}`);
        t.is(JSON.stringify(args), before, 'the handler gets the arguments unchanged');
        for (const [index, param] of fixed.entries()) {
          const found = mutationsOf(param.schema, args[index], description.$defs);
          const mutation = found[seed % Math.max(found.length, 1)];
          if (mutation === undefined) continue;
          const changed = args.with(index, mutation.value);
          t.false(check(changed), `${name}${JSON.stringify(changed)}`);
          t.is(
            argumentFault(description, name, changed)?.pointer,
            `/${index}${mutation.pointer}`,
            `${name}${JSON.stringify(changed)}`,
          );
          refused += 1;
        }
      }),
      { numRuns: 30 },
    );
  }
  t.true(refused > 1_000, String(refused));
});

test('arguments beyond the parameters pass, and missing ones only where they may be left out', (t) => {
  const description = descriptionOf({ type: 'number' });
  t.true(passes(t, description, [1, 'more']));
  t.false(passes(t, description, []));
  t.deepEqual(argumentFault(description, 'method', []), {
    parameter: 'value',
    pointer: '/0',
    expected: 'a number',
    found: 'nothing',
  });
  const optional = descriptionOf({ type: 'number' }, {}, { required: false });
  t.true(passes(t, optional, []));
  t.true(passes(t, optional, [null]));
  t.false(passes(t, optional, ['a']));
  const rest = descriptionOf({ type: 'number' }, {}, { required: false, rest: true });
  t.true(passes(t, rest, []));
  t.true(passes(t, rest, [1, 2]));
  t.false(passes(t, rest, [1, 'a', 2]));
  t.is(argumentFault(rest, 'method', [1, 'a'])?.pointer, '/1');
});

const KEYWORDS: [schema: Schema, good: unknown[], bad: unknown[]][] = [
  [{ type: 'string', minLength: 2, maxLength: 3 }, ['ab', '👍👍', 'abc', '👍👍👍'], ['a', '👍', 'abcd', 1]],
  [{ type: 'string', pattern: '^a' }, ['ab'], ['ba']],
  [
    { type: 'string', format: 'date-time' },
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.5+01:00'],
    ['2026-01-31', '2026-13-31T12:00:00Z'],
  ],
  [{ type: 'string', format: 'uri' }, ['https://example.com/', 'mailto:a@b'], ['example', '']],
  [{ type: 'string', format: 'email' }, ['anything'], [1]],
  [{ type: 'number', minimum: 1, maximum: 3 }, [1, 2.5, 3], [0, 3.1]],
  [{ type: 'number', exclusiveMinimum: 1, exclusiveMaximum: 3 }, [2], [1, 3]],
  [{ type: 'number', multipleOf: 0.1 }, [0.3, 1, -0.7], [0.35]],
  [{ type: 'integer' }, [1, -0, 1e20], [1.5, '1']],
  [
    { type: 'array', minItems: 1, maxItems: 2, uniqueItems: true },
    [[1], [1, 2], [{ a: 1 }, { a: 2 }]],
    [[], [1, 1], [1, 2, 3], [{ a: 1 }, { a: 1 }]],
  ],
  [{ type: 'array', prefixItems: [{ type: 'string' }], items: false }, [['a'], []], [[1], ['a', 'b']]],
  [{ type: 'object', minProperties: 1, maxProperties: 2 }, [{ a: 1 }], [{}, { a: 1, b: 2, c: 3 }]],
  [
    { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
    [{ a: 1, b: 2 }],
    [{}, { a: 'x' }, [], null, 'a'],
  ],
  [{ type: 'object', properties: { a: { type: 'number' } } }, [{}, { a: null }, { a: 1 }], [{ a: 'x' }]],
  [{ type: 'object', required: ['toString', 'constructor'] }, [JSON.parse('{"toString":1,"constructor":2}')], [{}]],
  [
    { type: 'object', properties: { ['__proto__']: { type: 'number' } }, required: ['__proto__'] },
    [JSON.parse('{"__proto__":1}')],
    [{}],
  ],
  [
    { type: 'object', additionalProperties: { type: 'number' } },
    [{}, { a: 1 }],
    [{ a: 'x' }, JSON.parse('{"__proto__":"x"}')],
  ],
  [
    {
      type: 'object',
      properties: { id: { type: 'string' } },
      patternProperties: { '^x-': { type: 'number' } },
      additionalProperties: { type: 'boolean' },
    },
    [{ id: 'a', 'x-a': 1, b: true }],
    [{ 'x-a': 'b' }, { b: 1 }],
  ],
  [{ anyOf: [{ type: 'string' }, { type: 'number', minimum: 3 }] }, ['a', 3], [2, null]],
  [
    { enum: ['a', 1, null, true], type: ['string', 'number', 'null', 'boolean'] },
    ['a', 1, null, true],
    ['b', 0, false, 'true'],
  ],
  [{ type: 'string', enum: [...'abcdefghij'] }, ['a', 'j'], ['k', 1, null]],
  [{ minimum: 3 }, [3, 'a', null, {}], [2]],
  [{ type: ['string', 'null'], maxLength: 1 }, ['a', null], ['ab', 1]],
  [true, [1, null, {}], []],
  [false, [], [1, null, {}]],
];

for (const [schema, good, bad] of KEYWORDS) {
  test(`keywords: ${JSON.stringify(schema)}`, (t) => {
    const description = descriptionOf(schema);
    for (const value of good) t.true(passes(t, description, [value]), JSON.stringify(value));
    for (const value of bad) t.false(passes(t, description, [value]), JSON.stringify(value));
  });
}

test('any name of a method, a type, a property and a parameter is only a name', (t) => {
  const name = fc.string({ unit: 'binary', minLength: 1 });
  fc.assert(
    fc.property(name, name, name, (method, type, property) => {
      const $defs = {
        [type]: { type: 'object', properties: { [property]: { enum: [property] } }, required: [property] },
      };
      const $ref = `#/$defs/${type}`;
      const description: Description = {
        format: 1,
        methods: [
          {
            name: method,
            signature: [],
            params: [{ name: property, schema: { $ref }, required: true }],
            result: { schema: true },
          },
        ],
        $defs,
        notes: [],
      };
      const check = checksOf(description)[method];
      t.true(check?.([{ [property]: property }]));
      t.false(check?.([{ [property]: `${property}.` }]));
    }),
  );
});

test('for any schema and any value, the code and the search for faults agree', (t) => {
  const schema = fc.letrec<{ schema: Schema }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Schema>(
        true,
        false,
        { type: 'string' },
        { type: 'number' },
        { type: ['integer', 'null'] },
        { $ref: '#/$defs/List' },
        { type: 'boolean', enum: [true] },
      ),
      fc.record({
        type: fc.constant('array'),
        items: tie('schema'),
        prefixItems: fc.array(tie('schema'), { maxLength: 2 }),
      }),
      fc.record({
        type: fc.constantFrom('object', ['object', 'string']),
        properties: fc.dictionary(fc.constantFrom('a', 'b', 'toString'), tie('schema')),
        required: fc.constantFrom([], ['a'], ['a', 'c']),
        additionalProperties: tie('schema'),
      }),
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    ),
  })).schema;
  const List: Schema = {
    anyOf: [{ type: 'null' }, { type: 'object', properties: { a: { $ref: '#/$defs/List' } }, required: ['a'] }],
  };
  const value = fc.jsonValue({ maxDepth: 4 });
  const shaped = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      value,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')),
    ),
  })).value;
  fc.assert(
    fc.property(schema, shaped, (given, args) => {
      passes(t, descriptionOf(given, { List }), [args]);
    }),
    { numRuns: 2_000 },
  );
});

test('the pattern of a template literal type is searched in a time like that of the text', (t) => {
  const text = 'a-'.repeat(200_000);
  const schema = { type: 'string', pattern: String.raw`^[\s\S]*-[\s\S]*b[\s\S]*-[\s\S]*c$` };
  t.false(checksOf(descriptionOf(schema)).method?.([text]));
  t.is(argumentFault(descriptionOf(schema), 'method', [text])?.pointer, '/0');
  t.true(passes(t, descriptionOf(schema), ['x-b1-1c']));
  t.false(passes(t, descriptionOf(schema), ['x-c']));
});

test('a type that could be tried without end is given up, and so is nesting without end', (t) => {
  const node = (name: string): Schema => ({
    type: 'object',
    properties: { a: { $ref: '#/$defs/T' }, [name]: { type: 'string' } },
    required: ['a', name],
  });
  const $defs = { T: { anyOf: [{ type: 'null' }, node('b'), node('c')] } };
  const check = checksOf(descriptionOf({ $ref: '#/$defs/T' }, $defs)).method;
  let value: unknown = 1;
  for (let depth = 0; depth < 60; depth += 1) value = { a: value, b: '', c: '' };
  t.throws(() => check?.([value]), { message: 'the arguments take too long to be checked' });
  t.is(argumentFault(descriptionOf({ $ref: '#/$defs/T' }, $defs), 'method', [value])?.pointer, '/0');
  let deep: unknown = null;
  for (let depth = 0; depth < 200_000; depth += 1) deep = { a: deep, b: '' };
  t.throws(() => check?.([deep]), { instanceOf: RangeError });
  // What is long and sound is not given up.
  const List = {
    anyOf: [
      { type: 'null' },
      { type: 'object', properties: { a: { type: 'array', items: { $ref: '#/$defs/List' } } }, required: ['a'] },
    ],
  };
  const list = { a: Array.from({ length: 1_200_000 }, () => null) };
  t.true(checksOf(descriptionOf({ $ref: '#/$defs/List' }, { List })).method?.([list]));
});
