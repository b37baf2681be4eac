/** Plausible values for schemas, beside a validator. */
import test from 'ava';
import type { Schema } from '../../description/description.ts';
import { exampleValue } from '../../description/example-value.ts';
import { openRpc } from '../../description/open-rpc.ts';
import { DESCRIBE_TIMEOUT_MS, describedConstructs } from '../helpers/described.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { createAjv } from '../helpers/oracles.ts';

const CASES: readonly [schema: Schema, value: unknown][] = [
  [true, 'text'],
  [false, null],
  [{}, 'text'],
  [{ type: 'string' }, 'text'],
  [{ type: ['null', 'boolean'] }, true],
  [{ type: 'null' }, null],
  [{ type: 'string', format: 'date-time', 'x-messagepack': 'date' }, '2026-01-31T12:00:00.000Z'],
  [{ type: 'string', minLength: 6 }, 'texttt'],
  [{ type: 'string', maxLength: 2 }, 'te'],
  [{ type: 'number' }, 1],
  [{ type: 'number', maximum: 0.5 }, 0.5],
  [{ type: 'number', exclusiveMaximum: 0 }, -1],
  [{ type: 'integer', exclusiveMinimum: 4 }, 5],
  [{ type: 'integer', minimum: 3.5 }, 4],
  [{ type: 'number', multipleOf: 5, minimum: 11 }, 15],
  [{ type: 'number', default: 7 }, 7],
  [{ type: 'number', default: null }, 1],
  [{ type: 'number', default: 7, examples: [8, 9] }, 8],
  [{ type: ['number', 'null'], enum: [null, 3] }, 3],
  [{ type: 'array', items: { type: 'number' } }, [1]],
  [{ type: 'array', items: { type: 'number' }, minItems: 3 }, [1, 1, 1]],
  [{ type: 'array', items: [{ type: 'number' }, { type: 'string' }, true], minItems: 3 }, [1, 'text', 'text']],
  [{ type: 'object', properties: { a: { type: 'number' }, b: true }, required: ['a'] }, { a: 1 }],
  [
    { type: 'object', properties: { a: { type: 'number' }, b: true, c: true } },
    { a: 1, b: 'text' },
  ],
  [{ type: 'object', additionalProperties: { type: 'number' } }, { name: 1 }],
  [{ type: 'object' }, {}],
  [{ anyOf: [{ type: 'null' }, { type: 'number' }] }, 1],
  [{ $ref: '#/components/schemas/Missing' }, null],
  [{ $ref: '#/components/schemas/User' }, { name: 'text', friends: [], boss: null }],
  [{ allOf: [{ $ref: '#/components/schemas/Node' }], description: 'x' }, { value: 1 }],
  [{ 'x-messagepack': 'bytes' }, Uint8Array.of(1, 2, 3)],
  [{ 'x-messagepack': 'bigint' }, 1n],
  [{ 'x-messagepack': 'map', 'x-keys': { type: 'string' }, 'x-values': { type: 'number' } }, new Map([['text', 1]])],
  [{ 'x-messagepack': 'set', 'x-items': { type: 'number' } }, new Set([1])],
];

const USER = { $ref: '#/components/schemas/User' };
const SCHEMAS: Record<string, Schema> = {
  User: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      friends: { type: 'array', items: USER },
      boss: { anyOf: [USER, { type: 'null' }] },
      deputy: USER,
    },
    required: ['name', 'friends', 'boss'],
  },
  Node: { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' }, value: { type: 'number' } } },
};

for (const [schema, value] of CASES) {
  test(`a value for ${JSON.stringify(schema)}`, (t) => t.deepEqual(exampleValue(schema, SCHEMAS), value));
}

test('a type that must have itself within it ends', (t) => {
  const schemas = { Endless: { type: 'object', properties: { next: { $ref: '#/components/schemas/Endless' } } } };
  const endless = { ...schemas.Endless, required: ['next'] };
  t.notThrows(() => JSON.stringify(exampleValue(endless, { Endless: endless })));
});

declareWith(test)('a validator passes the values, but for patterns', async (t) => {
  t.timeout(DESCRIBE_TIMEOUT_MS);
  const ajv = await createAjv('ajv');
  const description = await describedConstructs();
  const { methods, components = { schemas: {} } } = openRpc(description, { title: 'a', version: '1' });
  let count = 0;
  for (const { name, params } of methods) {
    for (const { schema, name: param } of params) {
      if (schema === false || /"pattern/.test(JSON.stringify(schema))) continue;
      const value: unknown = exampleValue(schema, components.schemas);
      const validate = ajv.compile(schema === true ? {} : { allOf: [schema], components });
      t.true(validate(value), `${name}.${param}: ${JSON.stringify(schema)}`);
      count += 1;
    }
  }
  t.true(count > 30, String(count));
});
