/** The texts of a description, at any width, and examples of calls that run. */
import test from 'ava';
import type { Schema } from '../../../description/description.ts';
import type { OpenRpcDocument, OpenRpcMethod, OpenRpcParam } from '../../../description/open-rpc.ts';
import {
  documentText,
  methodList,
  methodText,
  signaturesOf,
  terminalWidth,
} from '../../../src/cli/description-text.ts';
import { exampleCalls } from '../../../src/cli/example-calls.ts';

function method(name: string, more: Partial<OpenRpcMethod> = {}): OpenRpcMethod {
  return {
    name,
    paramStructure: 'by-position',
    params: [],
    result: { name: 'result', schema: true },
    'x-signature': [`${name}()`],
    ...more,
  };
}

const param = (name: string, schema: Schema, more: Partial<OpenRpcParam> = {}): OpenRpcParam => ({
  name,
  schema,
  required: true,
  ...more,
});

const document = (...methods: OpenRpcMethod[]): OpenRpcDocument => ({
  openrpc: '1.3.2',
  info: { title: 'a', version: '1' },
  methods,
});

test('lines are wrapped to the width, and no word is lost', (t) => {
  const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
  const long = method('long', {
    'x-signature': [`long(${words})`],
    summary: words,
    description: `${words}\n\n${words}`,
    params: [param('a', true, { description: words })],
    'x-deprecated': words,
    deprecated: true,
    'x-notes': [words],
  });
  for (const width of [40, 80, 200]) {
    for (const text of [
      documentText(document(long), width),
      methodText(long, width, true),
      methodList([long], width),
    ]) {
      t.deepEqual(
        text.split('\n').filter((line) => line.length > width),
        [],
      );
      t.true(text.includes('word59'));
    }
  }
});

test('what a terminal would act on is not printed', (t) => {
  const evil = method('evil', {
    summary: 'a\u001b[2Jb\u0007c\u009bd',
    'x-signature': ['e\u001b]0;x\u0007vil()\nnext'],
  });
  const text = methodText(evil, 80, true) + methodList([evil], 80);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
  t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  t.true(text.includes('abc'), text);
});

test('a document of another program, without signatures, has the names of the parameters', (t) => {
  const { 'x-signature': _, ...foreign } = method('put', {
    params: [param('a', true), param('b', true, { required: false, 'x-rest': true })],
  });
  t.deepEqual(signaturesOf(foreign as OpenRpcMethod), ['put(a, ...b?)']);
  t.is(
    documentText({ ...document(foreign as OpenRpcMethod), 'x-reason': 'no types' }, 80),
    'a 1, 1 method\nWithout types: no types\n\nput(a, ...b?)\n',
  );
});

test('the width is that of the terminal, and 80 without one', (t) => {
  t.is(terminalWidth({ isTTY: true, columns: 120 }), 120);
  t.is(terminalWidth({ isTTY: true, columns: 0 }), 80);
  t.is(terminalWidth({ columns: 120 }), 80);
});

const SHELL: readonly [what: string, method: OpenRpcMethod, shell: string][] = [
  ['no parameter', method('now'), 'launchpool call a now'],
  [
    'text with quotes',
    method('say', { params: [param('a', { type: 'string', default: `it's "x"` })] }),
    `launchpool call a say '"it'\\''s \\"x\\""'`,
  ],
  [
    'a negative number',
    method('put', { params: [param('a', { type: 'number', maximum: -1 })] }),
    'launchpool call a put -- -1',
  ],
  [
    'a stream',
    method('count', { params: [param('a', { type: 'number' })], 'x-stream': { items: true } }),
    'launchpool call a count 1 --stream',
  ],
  [
    'bytes',
    method('size', { params: [param('n', { type: 'number' }), param('a', { 'x-messagepack': 'bytes' })] }),
    'launchpool call a size 1 --bytes-arg FILE',
  ],
  [
    'bytes before others',
    method('cut', { params: [param('a', { 'x-messagepack': 'bytes' }), param('n', { type: 'number' })] }),
    '# cut takes values that JSON does not have',
  ],
  [
    'a Map',
    method('load', { params: [param('a', { 'x-messagepack': 'map' })] }),
    '# load takes values that JSON does not have',
  ],
  [
    'a stream as parameter',
    method('sum', { params: [param('a', true, { 'x-stream': { items: true } })] }),
    '# sum takes a stream',
  ],
  [
    'parameters that may be left out',
    method('opt', { params: [param('a', { type: 'number' }), param('b', true, { required: false })] }),
    'launchpool call a opt 1',
  ],
  [
    'only such',
    method('opt', { params: [param('a', { type: 'number' }, { required: false })] }),
    'launchpool call a opt 1',
  ],
];

for (const [what, each, shell] of SHELL)
  test(`an example for the shell: ${what}`, (t) => t.is(exampleCalls('a', each, undefined).shell, shell));

test('examples for TypeScript have every value, and names that are reserved are called by call()', (t) => {
  const values: Schema[] = [
    { 'x-messagepack': 'bytes' },
    { 'x-messagepack': 'bigint' },
    { 'x-messagepack': 'map' },
    { 'x-messagepack': 'set' },
    { enum: [`it's "x"\n`] },
    { type: 'object', properties: { 'a-b': { type: 'null' }, c: { type: 'array', items: { type: 'boolean' } } } },
  ];
  const params = values.map((schema, index) => param(`p${index}`, schema));
  const { typescript } = exampleCalls('a', method('all', { params }), undefined);
  const value = String.raw`agent.all(Uint8Array.of(1, 2, 3), 1n, new Map([['text', 'text']]), new Set(['text']), 'it\'s "x"\n', { 'a-b': null, c: [true] })`;
  t.true(typescript.includes(value), typescript);
  const reserved = exampleCalls('a', method('toString'), undefined).typescript;
  t.true(
    reserved.includes('import { call, close, connect }') && reserved.includes("await call(agent, 'toString')"),
    reserved,
  );
  const stream = exampleCalls(
    'a',
    method('sum', { params: [param('a', true, { 'x-stream': { items: { type: 'number' } } })] }),
    undefined,
  );
  t.true(stream.typescript.includes('agent.sum((async function* () { yield 1; })())'), stream.typescript);
  t.is(stream.python, '# sum takes a stream');
});

test('examples for Python have its constants', (t) => {
  const params = [
    param('a', { type: 'object', properties: { x: { type: 'null' }, y: { type: 'boolean' } } }),
    param('b', { enum: [false] }),
  ];
  const { python } = exampleCalls('a', method('put', { params }), undefined);
  t.true(python.includes('print(agent.call("put", {"x": None, "y": True}, False))'), python);
});
