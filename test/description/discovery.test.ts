/** What a running agent says of its methods. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { Description } from '../../description/description.ts';
import { DESCRIPTION_FILE, descriptionText } from '../../description/description-file.ts';
import { discover, hintFor } from '../../description/discovery.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const EXPORTED = { add: (a: number, b: number) => a + b, later: async () => 1 };
const METHODS: ReadonlySet<string> = new Set(['later', 'add']);

const DESCRIPTION: Description = {
  format: 1,
  compiler: 'typescript 7.0.2',
  package: { name: 'calc', version: '1.2.3' },
  methods: ['add', 'gone'].map((name) => ({
    name,
    signature: [`${name}(a: number): number`],
    params: [{ name: 'a', schema: { type: 'number' }, required: true }],
    result: { schema: { type: 'number' } },
  })),
  $defs: {},
  notes: [],
};

test('without a file, the document has the names and the numbers of parameters, and says why', (t) => {
  const document = discover({ moduleUrl: 'file:///nowhere/calc.agent.ts', exported: EXPORTED, methods: METHODS });
  t.like(document, { openrpc: '1.3.2', info: { title: 'calc', version: '0.0.0' } });
  t.regex(String(document['x-reason']), /no file/);
  t.deepEqual(
    document.methods.map((method) => method['x-signature']),
    [['add(param1, param2)'], ['later()']],
  );
  for (const moduleUrl of [undefined, 'data:text/javascript,1'])
    t.is(discover({ moduleUrl, exported: EXPORTED, methods: METHODS }).methods.length, 2);
});

test('with a file above the module, the document is that of the methods that the module has; it is read each time', async (t) => {
  const folder = await tempDir(t);
  mkdirSync(join(folder, 'app', 'inner'), { recursive: true });
  const moduleUrl = pathToFileURL(join(folder, 'app', 'inner', 'a.cjs')).href;
  const ask = () => discover({ moduleUrl, exported: EXPORTED, methods: METHODS });
  t.truthy(ask()['x-reason']);
  writeFileSync(join(folder, DESCRIPTION_FILE), '{ "format": 2 }');
  t.truthy(ask()['x-reason']);
  writeFileSync(join(folder, DESCRIPTION_FILE), descriptionText(DESCRIPTION));
  const { info, methods, ...rest } = ask();
  t.deepEqual(info, { title: 'calc', version: '1.2.3' });
  t.deepEqual(rest, { openrpc: '1.3.2' });
  t.deepEqual(
    methods.map(({ name, params }) => [name, params.map(({ schema }) => schema)]),
    [
      ['add', [{ type: 'number' }]],
      ['later', []],
    ],
  );
});

test('the hint for an unknown method names the most similar one, if one is', (t) => {
  t.is(hintFor('ad', ['add', 'sum']), 'Did you mean add? Its methods: add, sum.');
  t.is(hintFor('multiply', ['add', 'sum']), 'Call one of its methods: add, sum.');
  t.is(hintFor('add'.repeat(100_000), ['add']), 'Call one of its methods: add.');
});
