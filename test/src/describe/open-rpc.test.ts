/** The OpenRPC document of a description, beside the meta-schema of OpenRPC; and schemas beside a validator. */
import test from 'ava';
import { standAlone } from '../../../description/definitions.ts';
import type { Description, MethodDescription } from '../../../description/description.ts';
import { fromOpenRpc } from '../../../description/from-open-rpc.ts';
import { openRpc } from '../../../description/open-rpc.ts';
import { DESCRIBE_TIMEOUT_MS, describedConstructs } from '../../helpers/described.ts';
import { declareWith } from '../../helpers/not-tested.ts';
import { createAjv, loadOracle } from '../../helpers/oracles.ts';

const DESCRIPTION = describedConstructs();
const INFO = { title: 'com.example.constructs', version: '1.0.0' };

const withOracles = declareWith(test);

const BASIC: Description = {
  format: 1,
  compiler: 'typescript 7.0.2',
  methods: [
    {
      name: 'put',
      signature: ['put(user: User, ...tags: string[]): AsyncGenerator<number>'],
      summary: 'Puts.',
      description: 'Puts.\n\nAnd more.',
      deprecated: 'use set',
      examples: ['put(user)'],
      throws: ['RangeError'],
      mcp: { title: 'Put it', idempotent: true },
      params: [
        { name: 'user', schema: { $ref: '#/$defs/User', default: null }, required: true, description: 'which one' },
        { name: 'tags', schema: { type: 'string' }, required: false, rest: true },
      ],
      result: { schema: { $ref: '#/$defs/User' }, description: 'the user' },
      stream: { items: { type: 'number' } },
    },
  ],
  $defs: {
    User: {
      type: 'object',
      properties: {
        $ref: { type: 'string' },
        pair: { type: 'array', prefixItems: [{ type: 'string' }, { $ref: '#/$defs/User' }], items: false, minItems: 2 },
      },
    },
  },
  notes: [
    { method: 'put', path: 'params.user.x', text: 'its type is any' },
    { method: 'other', path: '', text: 'not its own' },
  ],
};

test('a document has methods, definitions in draft 7, and extensions for what OpenRPC has no place for', (t) => {
  t.deepEqual(openRpc(BASIC, INFO), {
    openrpc: '1.3.2',
    info: INFO,
    methods: [
      {
        name: 'put',
        summary: 'Puts.',
        description: 'Puts.\n\nAnd more.',
        deprecated: true,
        paramStructure: 'by-position',
        params: [
          {
            name: 'user',
            description: 'which one',
            required: true,
            schema: { allOf: [{ $ref: '#/components/schemas/User' }], default: null },
          },
          { name: 'tags', required: false, schema: { type: 'string' }, 'x-rest': true },
        ],
        result: { name: 'result', description: 'the user', schema: { $ref: '#/components/schemas/User' } },
        'x-stream': { items: { type: 'number' } },
        'x-signature': ['put(user: User, ...tags: string[]): AsyncGenerator<number>'],
        'x-deprecated': 'use set',
        'x-examples': ['put(user)'],
        'x-throws': ['RangeError'],
        'x-mcp': { title: 'Put it', idempotent: true },
        'x-notes': ['params.user.x: its type is any'],
      },
    ],
    components: {
      schemas: {
        User: {
          type: 'object',
          properties: {
            $ref: { type: 'string' },
            pair: {
              type: 'array',
              minItems: 2,
              items: [{ type: 'string' }, { $ref: '#/components/schemas/User' }],
              additionalItems: false,
            },
          },
        },
      },
    },
  });
});

test('a document has the description that it was made of, without its compiler and its notes', (t) => {
  const { compiler: _compiler, ...others } = BASIC;
  t.deepEqual(fromOpenRpc(openRpc(BASIC, INFO)), { ...others, package: { version: '1.0.0' }, notes: [] });
});

test('whatever the types: the document of a description that was read from one is the same', async (t) => {
  t.timeout(DESCRIBE_TIMEOUT_MS);
  const document = openRpc(await DESCRIPTION, INFO);
  const methods = document.methods.map(({ 'x-notes': _notes, ...method }) => method);
  t.true(methods.length > 10);
  t.deepEqual(openRpc(fromOpenRpc(document), INFO), { ...document, methods });
});

test('what another server leaves out counts as not said', (t) => {
  const method = { name: 'm', params: [{ name: 'a' }], result: { name: 'result' } };
  const document = { openrpc: '1.3.2', info: { title: 't', version: '2' }, methods: [method] };
  t.deepEqual(fromOpenRpc(document as unknown as Parameters<typeof fromOpenRpc>[0]), {
    format: 1,
    package: { version: '2' },
    methods: [
      {
        name: 'm',
        signature: ['m(a)'],
        params: [{ name: 'a', schema: true, required: false }],
        result: { schema: true },
      },
    ],
    $defs: {},
    notes: [],
  });
});

withOracles('the meta-schema of OpenRPC accepts the documents', async (t) => {
  t.timeout(DESCRIBE_TIMEOUT_MS);
  const ajv = await createAjv('ajv');
  const { default: metaSchema } = await loadOracle<{ default: { default: object } }>('@open-rpc/meta-schema');
  const { default: jsonSchema } = await loadOracle<{ default: { default: object } }>('@json-schema-tools/meta-schema');
  // Both name themselves as their own dialect, which a validator does not know.
  const draft7 = { ...jsonSchema.default, $schema: 'http://json-schema.org/draft-07/schema#' };
  ajv.addSchema(draft7, 'https://meta.json-schema.tools');
  const validate = ajv.compile({ ...metaSchema.default, $schema: 'http://json-schema.org/draft-07/schema#' });
  for (const description of [BASIC, await DESCRIPTION, { ...BASIC, methods: [], $defs: {} }]) {
    t.true(validate(openRpc(description, INFO)), JSON.stringify(validate.errors));
  }
  t.false(validate({ ...openRpc(BASIC, INFO), methods: [{ name: 'x' }] }));
  t.false(validate({ ...openRpc(BASIC, INFO), openrpc: '1' }));
});

type Values = { passes: unknown[]; fails: unknown[] };

const ALICE = { name: 'Alice', friends: [{ name: 'Bob', friends: [] }] };

/** Of the parameter `value` of each method. */
const VALUES: Readonly<Record<string, Values>> = {
  text: { passes: ['', 'a'], fails: [1, null, undefined] },
  orUndefined: { passes: ['a', null], fails: [1] },
  literals: { passes: ['a', 3, true], fails: ['c', false, null] },
  booleanOrText: { passes: [true, false, 'auto'], fails: ['manual', 1] },
  numericEnum: { passes: [0, 10], fails: [1, 'Low'] },
  listOfOptional: { passes: [[], ['a', null]], fails: [[1], 'a'] },
  tuple: { passes: [['a', 1]], fails: [['a'], ['a', 'b'], ['a', 1, 2]] },
  tupleOptional: { passes: [['a'], ['a', 1], ['a', null]], fails: [[], ['a', 'b'], ['a', 1, 1]] },
  tupleRest: { passes: [['a'], ['a', 1, 2]], fails: [[], ['a', 'b']] },
  tupleMiddle: { passes: [[1], ['a', 1]], fails: [[], [true]] },
  inlineObject: {
    passes: [{ a: '' }, { a: '', b: null, c: true }, { a: '', more: [1] }],
    fails: [{}, { a: '', b: 'x' }, [], null],
  },
  interfaceRecursive: {
    passes: [ALICE, { ...ALICE, age: null }],
    fails: [{}, { ...ALICE, age: 1.5 }, { ...ALICE, age: -1 }],
  },
  json: { passes: [null, 1, [{ a: ['b', null] }]], fails: [] },
  form: { passes: [{ kind: 'circle', radius: 1 }], fails: [{ kind: 'circle', side: 1 }, { kind: 'line' }] },
  formOrNull: { passes: [null, { kind: 'square', side: 1 }], fails: [{ kind: 'square' }] },
  tree: { passes: [{ value: 1 }, { children: [{ children: [] }, { value: 2 }] }], fails: [{ children: [1] }, 1] },
  chain: { passes: [[], [[], [[]]]], fails: [[1], {}] },
  endless: { passes: [{ value: 'a', next: { value: ['b'] } }], fails: [{ value: 'a', next: { value: 'b' } }] },
  index: { passes: [{}, { a: 1 }], fails: [{ a: '' }] },
  indexAndNames: { passes: [{ id: 'a', 'data-x': 'b', other: 1 }], fails: [{ id: 'a', 'data-x': 1 }] },
  numberIndex: { passes: [{ 0: 'a', x: 1 }], fails: [{ 0: 1 }] },
  partial: { passes: [{}, { value: null }, { id: 'a' }], fails: [{ id: 1 }] },
  template: { passes: ['v1.x', 'w-2.5e3.', 'v1.a\nb'], fails: ['x1.x', 'v.x', 'v1'] },
  brandedText: { passes: ['a'], fails: [{ __brand: 'UserId' }] },
  date: { passes: ['2026-11-29T10:00:00Z'], fails: ['yesterday', 1] },
  url: { passes: ['https://example.com/'], fails: [1] },
  bytes: { passes: [new Uint8Array(1)], fails: [] },
  discriminated: {
    passes: [{ ok: true, value: 1 }],
    fails: [
      { ok: true, error: '' },
      { ok: false, value: 1 },
    ],
  },
  never: { passes: [], fails: [null, 0] },
  limits: { passes: [{ name: 'a' }, { name: 'a', count: 10 }], fails: [{ name: 'A' }, { name: 'a', count: 11 }] },
};

for (const [name, { passes, fails }] of Object.entries(VALUES)) {
  withOracles(`a validator passes what the type takes, and nothing else: ${name}`, async (t) => {
    t.timeout(DESCRIBE_TIMEOUT_MS);
    const ajv = await createAjv('ajv/dist/2020.js');
    const description = await DESCRIPTION;
    const { params } = description.methods.find((method) => method.name === name) as MethodDescription;
    const validate = ajv.compile(standAlone(description, params[0]?.schema ?? false));
    for (const value of passes) t.true(validate(value), `${JSON.stringify(value)}: ${JSON.stringify(validate.errors)}`);
    for (const value of fails) t.false(validate(value), JSON.stringify(value));
  });
}

withOracles('every schema of the constructs is one of the dialect', async (t) => {
  t.timeout(DESCRIBE_TIMEOUT_MS);
  const ajv = await createAjv('ajv/dist/2020.js');
  const description = await DESCRIPTION;
  for (const { name, params, result, stream } of description.methods) {
    for (const schema of [...params.map((param) => param.schema), result.schema, stream?.items ?? true]) {
      t.notThrows(() => ajv.compile(standAlone(description, schema)), name);
    }
  }
});
