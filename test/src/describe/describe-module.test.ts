/** What becomes of a description without a compiler, or with one that fails. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Description } from '../../../description/description.ts';
import { onlyMethods } from '../../../description/only-methods.ts';
import { type DescribeOptions, describeModule } from '../../../src/describe/describe-module.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import '../../helpers/with-compile-cache.ts';

const TIMEOUT_MS = 100_000;
const NATIVE = fileURLToPath(new URL('../../../node_modules/typescript', import.meta.url));

const AGENT = 'export const add = (a: number, b = 1): number => a + b;\n';
/** What the module says of itself. */
const METHODS = [{ name: 'add', arity: 1 }];

/** Describes a module whose project has this package typescript. */
async function describeWith(
  t: ExecutionContext,
  { version, main, ...files }: { version: unknown; main: string; [path: string]: unknown },
  options: Partial<DescribeOptions> = {},
): Promise<Description> {
  t.timeout(TIMEOUT_MS);
  const folder = await tempDir(t);
  await writeTree(folder, {
    'agent.ts': AGENT,
    'node_modules/typescript/package.json': JSON.stringify({ name: 'typescript', version, main: 'index.js' }),
    'node_modules/typescript/index.js': main,
    ...(files as Record<string, string>),
  });
  return describeModule({ module: join(folder, 'agent.ts'), timeoutMs: TIMEOUT_MS, ...options });
}

const WITHOUT_TYPES = {
  name: 'add',
  signature: ['add(param1)'],
  params: [{ name: 'param1', schema: true, required: false }],
  result: { schema: true },
};

function isWithoutTypes(t: ExecutionContext, found: Description, reason: string | RegExp): void {
  t.is(found.compiler, undefined);
  if (typeof reason === 'string') t.is(found.reason, reason);
  else t.regex(String(found.reason), reason);
  t.notRegex(String(found.reason), /\n/);
  const { methods, notes } = onlyMethods(found, METHODS);
  t.deepEqual(methods, [WITHOUT_TYPES]);
  t.deepEqual(notes, []);
}

test('without typescript, the names and the number of parameters remain', async (t) => {
  const folder = await tempDir(t);
  await writeTree(folder, { 'agent.ts': AGENT });
  const found = await describeModule({ module: join(folder, 'agent.ts') });
  isWithoutTypes(t, found, 'the project of the module has no package typescript');
});

test('a module that is not there has no description, and no error', async (t) => {
  const found = await describeModule({ module: join(await tempDir(t), 'none.ts') });
  t.regex(String(found.reason), /ENOENT/);
});

const FAILURES: Readonly<Record<string, [version: unknown, main: string, reason: string | RegExp]>> = {
  'ends its process': [
    '5.9.3',
    'process.reallyExit(3); process.exit(3);',
    /^typescript 5\.9\.3 has ended its (?:process|thread) \(exit status 3\)$/,
  ],
  'ends by a signal': [
    '6.0.3',
    "process.kill(process.pid, 'SIGKILL'); for (;;);",
    'typescript 6.0.3 has ended its process (signal SIGKILL)',
  ],
  throws: ['5.0.4', "throw new Error('boom\\nand more');", 'typescript 5.0.4 has failed: Error: boom'],
  'throws no error': ['5.0.4', 'throw undefined;', 'typescript 5.0.4 has failed: undefined'],
  'has another API': ['5.9.3', 'exports.version = "5.9.3";', /^typescript 5\.9\.3 has failed: TypeError: /],
  'is too old': ['4.9.5', '', 'typescript 4.9.5 is not one whose API is known: install typescript 5 or later'],
  'has no version': [7, '', /^the package in .*typescript is not one whose API is known/],
  'is a later one of the native API': ['7.1.0', '', /^typescript 7\.1\.0 has failed: .*; 7\.0\.2 is known to work$/],
};

for (const [title, [version, main, reason]] of Object.entries(FAILURES)) {
  test(`a compiler that fails takes nothing with it, and has a line: it ${title}`, async (t) => {
    isWithoutTypes(t, await describeWith(t, { version, main }), reason);
  });
}

/** Does not return, on the thread of the compiler, and has started a process. */
const HANGS = `
  const { writeFileSync } = require('node:fs');
  const { spawn } = require('node:child_process');
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  writeFileSync(__dirname + '/facts.json', JSON.stringify({ pids: [process.pid, child.pid], scratch: process.argv[4] }));
  for (;;);`;

type Facts = { pids: number[]; scratch: string };

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has exited, and that its parent has not awaited, is there.
    return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
  } catch {
    return false;
  }
}

async function leavesNothing(t: ExecutionContext, folder: string): Promise<void> {
  const { pids, scratch } = JSON.parse(readFileSync(join(folder, 'facts.json'), 'utf8')) as Facts;
  t.is(pids.length, 2);
  await until(() => !pids.some(runs));
  t.false(existsSync(scratch));
}

async function hangingProject(t: ExecutionContext): Promise<{ module: string; compiler: string }> {
  t.timeout(TIMEOUT_MS);
  const folder = await tempDir(t);
  const compiler = join(folder, 'node_modules', 'typescript');
  await writeTree(folder, {
    'agent.ts': AGENT,
    'node_modules/typescript/package.json': '{ "name": "typescript", "version": "5.9.3", "main": "index.js" }',
    'node_modules/typescript/index.js': HANGS,
  });
  return { module: join(folder, 'agent.ts'), compiler };
}

test('a compiler that hangs is ended at the bound, with the processes that it has started', async (t) => {
  const { module, compiler } = await hangingProject(t);
  // The bound begins before the process is started: on a loaded machine it may end that before the compiler is loaded.
  for (let timeoutMs = 1_000; ; timeoutMs *= 2) {
    const found = await describeModule({ module, timeoutMs });
    isWithoutTypes(t, found, `typescript 5.9.3 has taken longer than ${timeoutMs / 1000} seconds`);
    if (existsSync(join(compiler, 'facts.json'))) break;
  }
  await leavesNothing(t, compiler);
});

test('a compiler is ended by a signal', async (t) => {
  const { module, compiler } = await hangingProject(t);
  const ending = new AbortController();
  const description = describeModule({ module, timeoutMs: TIMEOUT_MS, signal: ending.signal });
  await until(() => existsSync(join(compiler, 'facts.json')));
  ending.abort();
  isWithoutTypes(t, await description, 'typescript 5.9.3 was ended before it was ready');
  await leavesNothing(t, compiler);
});

test('what a compiler prints goes nowhere', async (t) => {
  const main = "console.log('out'); console.error('error'); process.stdout.write('x'); throw new Error('done');";
  isWithoutTypes(t, await describeWith(t, { version: '5.9.3', main }), /has failed: Error: done$/);
});

/** The description by the compiler of this repository. */
async function describeSources(t: ExecutionContext, files: Record<string, string>, main: string): Promise<Description> {
  t.timeout(TIMEOUT_MS);
  const folder = await tempDir(t);
  await writeTree(folder, files);
  const found = await describeModule({ module: join(folder, main), compiler: NATIVE, timeoutMs: TIMEOUT_MS });
  t.is(found.reason, undefined);
  return found;
}

const ADD_WITH_JSDOC = `
/**
 * Adds.
 * @param {number} a the first
 * @param {number} [b] the second
 * @param {{ base: 'two' | 'ten' }} [how]
 * @returns {Promise<string>} the sum
 */
`;

const OF_JSDOC = {
  name: 'add',
  summary: 'Adds.',
  description: 'Adds.',
  params: [
    { name: 'a', schema: { type: 'number' }, required: true, description: 'the first' },
    { name: 'b', schema: { type: ['number', 'null'] }, required: false, description: 'the second' },
    {
      name: 'how',
      schema: {
        type: ['object', 'null'],
        properties: { base: { type: 'string', enum: ['ten', 'two'] } },
        required: ['base'],
      },
      required: false,
    },
  ],
  result: { schema: { type: 'string' }, description: 'the sum' },
};

const BODY = '(a, b, how) { return String(a + (b ?? 0)) + how?.base; }\n';

const IN_JAVASCRIPT: Readonly<Record<string, string>> = {
  'agent.mjs': `${ADD_WITH_JSDOC}export async function add${BODY}`,
  'agent.cjs': `${ADD_WITH_JSDOC}async function add${BODY}module.exports = { add };\n`,
  'agent.js': `${ADD_WITH_JSDOC}exports.add = async function ${BODY}`,
};

for (const [name, text] of Object.entries(IN_JAVASCRIPT)) {
  test(`JavaScript is described by its JSDoc: ${name}`, async (t) => {
    const { methods } = await describeSources(t, { [name]: text }, name);
    const [{ signature: _, ...method } = { signature: [] }, ...others] = methods;
    t.deepEqual(others, []);
    // TypeScript 7.0.2 does not find the text of a comment on an assignment.
    const { summary, description, ...withoutText } = OF_JSDOC;
    const expected = name === 'agent.js' ? withoutText : { ...withoutText, summary, description };
    t.deepEqual(method as object, expected);
  });
}

test('JavaScript without types is any', async (t) => {
  const { methods, notes } = await describeSources(t, { 'a.mjs': 'export const f = (x, y = 1) => x + y;\n' }, 'a.mjs');
  t.deepEqual(methods[0]?.params, [
    { name: 'x', schema: true, required: true },
    { name: 'y', schema: { type: ['number', 'null'], default: 1 }, required: false },
  ]);
  t.deepEqual(notes[0], { method: 'f', path: 'params.x', text: 'its type is any' });
});

test('the options of the project apply, but null is always told from other values', async (t) => {
  const { methods } = await describeSources(
    t,
    {
      'package.json': '{ "type": "module" }',
      'tsconfig.json': '{ "extends": "./base.json", "include": ["other"], "references": [] }',
      'base.json':
        '{ "compilerOptions": { "strict": false, "paths": { "#types": ["./types.ts"] }, "composite": true } }',
      'types.ts': 'export type Text = string | null;\n',
      'src/agent.ts': "import type { Text } from '#types';\nexport const echo = (text: Text): Text => text;\n",
    },
    'src/agent.ts',
  );
  t.deepEqual(methods[0]?.result.schema, { type: ['string', 'null'] });
});

test('errors in the sources do not prevent a description', async (t) => {
  const { methods } = await describeSources(
    t,
    { 'a.ts': 'export const f = (x: number): string => x;\nconst broken: = 1;\n' },
    'a.ts',
  );
  t.deepEqual(methods[0]?.params[0]?.schema, { type: 'number' });
});

test('a method with more types than a description takes has no schemas, and a note; others have theirs', async (t) => {
  const members = Array.from({ length: 6_000 }, (_, index) => `m${index}: { v: ${index} }`).join('; ');
  const { methods, $defs, notes } = await describeSources(
    t,
    {
      'a.ts': `type Large = { ${members} };\nexport const large = (value: Large, n?: number) => value;\nexport const small = (n: number) => n;\n`,
    },
    'a.ts',
  );
  t.deepEqual(notes, [{ method: 'large', path: '', text: 'its types are more than 5000' }]);
  t.deepEqual($defs, {});
  t.deepEqual(
    methods.map(({ name, params, result }) => [name, params[0]?.schema, result.schema]),
    [
      ['large', true, true],
      ['small', { type: 'number' }, { type: 'number' }],
    ],
  );
});

test('a description has a bound: schemas beyond it are left out, with a note', async (t) => {
  const name = 'n'.repeat(900);
  const members = Array.from({ length: 20 }, (_, index) => `${name}${index}: number`).join('; ');
  const functions = Array.from({ length: 40 }, (_, index) => `export const f${index} = (v: { ${members} }) => 1;\n`);
  const found = await describeSources(t, { 'a.ts': functions.join('') }, 'a.ts');
  t.true(JSON.stringify(found).length < 600 * 1024);
  t.is(found.methods.length, 40);
  const left = found.notes.filter(({ text }) => text === 'the schemas of the module are longer than 512 KiB');
  t.true(left.length > 5 && left.length < 35);
  const schemas = new Map(found.methods.map(({ name: method, params }) => [method, params[0]?.schema]));
  for (const { method } of left) t.is(schemas.get(method), true);
});

test('a method that the compiler does not see has a note', async (t) => {
  const found = await describeSources(t, { 'a.ts': AGENT }, 'a.ts');
  const { methods, notes } = onlyMethods(found, [...METHODS, { name: 'late', arity: 2 }]);
  t.deepEqual(
    methods.map(({ name, params }) => [name, params.length]),
    [
      ['add', 2],
      ['late', 2],
    ],
  );
  t.deepEqual(notes, [{ method: 'late', path: '', text: 'the compiler does not see it as a function' }]);
});

test('exports that are no methods leave nothing behind in the description', async (t) => {
  const text = 'export type Own = { a: string };\nexport const setup = (own: Own): void => void own;\n';
  const found = await describeSources(t, { 'a.ts': text + AGENT }, 'a.ts');
  t.deepEqual(Object.keys(found.$defs), ['Own']);
  const { methods, $defs } = onlyMethods(found, METHODS);
  t.deepEqual(
    methods.map(({ name }) => name),
    ['add'],
  );
  t.deepEqual($defs, {});
});
