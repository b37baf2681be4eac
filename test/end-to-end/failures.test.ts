/** What the log says of a handler that fails: the method, the error, and the place in the source. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { call, connect, connectRaw } from '../../src/client/index.ts';
import { createActivator } from '../../src/holder/activator.ts';
import { ENTRY } from '../helpers/agent.ts';
import { writeTree } from '../helpers/materialise.ts';
import { runProgram } from '../helpers/program.ts';
import { findPython } from '../helpers/pythons.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { bundled } from '../src/bundle/bundled.ts';

type Line = {
  msg: string;
  level: number;
  method?: string;
  request?: string;
  at?: string;
  others?: number;
  error?: object;
};

/** An agent with a log. */
async function started(t: ExecutionContext, module: string, ...flags: string[]) {
  const folder = await tempDir(t);
  const [path, logFile] = [join(folder, 'a.sock'), join(folder, 'log')];
  const command = [process.execPath, ENTRY, 'run', module, '--log-level', 'warn', '--threads', '1', ...flags] as const;
  const activator = await createActivator({ socketPath: path, command: [...command], logFile });
  t.teardown(() => activator.close());
  const text = (): string => readFileSync(logFile, 'utf8');
  const lines = (): Line[] =>
    text()
      .split('\n')
      .filter((line) => line.includes('handler-failed'))
      .map((line) => JSON.parse(line));
  return { path, text, lines };
}

/** The place of a mark in a source, as a line and a column. */
function placeOf(source: string, mark: string): string {
  const before = source.slice(0, source.indexOf(mark)).split('\n');
  return `${before.length}:${(before.at(-1) as string).length + 1}`;
}

const LIB = `// A comment.
export interface Options {
  deep: boolean;
}
export class Failure extends Error {
  static { void 0; }
}
export class Plain {
  name: string | undefined;
}
export function fail(options: Options): never {
  if (options.deep) throw new Failure('deep');
  throw /* shallow */ new TypeError('shallow');
}
`;
const MODULE = `import { fail, Plain, type Options } from './lib/fail.ts';
type Unused = { a: string };

export const plain = new Plain();
export function deep(): never {
  return fail({ deep: true } satisfies Options);
}
export async function late(_: Unused): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw new RangeError('late');
}
export function* values(): Generator<number> {
  yield 1;
  fail({ deep: false });
}
export const bytes = (): unknown => ({ list: [() => 1] });
`;
const HERE = '\nexport const here = (): string => import.meta.dirname;\n';

const FORMS: readonly [what: string, more: string, files: Readonly<Record<string, string>>][] = [
  ['one file', '', {}],
  ['one file, an ES module', '\nexport const loaded = await Promise.resolve(1);\n', {}],
  ['files that are laid out', `${HERE}export const name = (n: string): Promise<unknown> => import(n);`, {}],
];

for (const [what, more, files] of FORMS) {
  test(`an installed agent that is ${what} names the place in the TypeScript source`, async (t) => {
    const { entry } = await bundled(t, 'agent.ts', {
      'package.json': '{ "type": "module" }',
      'agent.ts': `${MODULE}${more}`,
      'lib/fail.ts': LIB,
      ...files,
    });
    const { path, lines } = await started(t, entry);
    await using agent = await connect<Record<string, () => Promise<unknown>>>(path);
    for (const method of ['deep', 'late', 'values', 'bytes']) await t.throwsAsync(call(agent, method, {}));
    await until(() => lines().length === 4);
    const of = (method: string): Line | undefined => lines().find((line) => line.method === method);
    t.like(of('deep'), {
      level: 40,
      msg: 'handler-failed',
      request: '1',
      at: `lib/fail.ts:${placeOf(LIB, "new Failure('deep')")}`,
      error: { name: 'Error', message: 'deep' },
    });
    t.like(of('late'), { at: `agent.ts:${placeOf(MODULE, "new RangeError('late')")}`, error: { name: 'RangeError' } });
    t.like(of('values'), { at: `lib/fail.ts:${placeOf(LIB, "new TypeError('shallow')")}` });
    t.like(of('bytes'), { error: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' } });
    t.is(of('bytes')?.at, undefined);
  });
}

test('one line a second for each method, with the number of the others; what a caller does wrong has none', async (t) => {
  const { entry } = await bundled(t, 'agent.js', {
    'agent.js':
      "exports.fail = () => {\n  throw new Error('again');\n};\nexports.hang = async () => { throw new Error('x'); };\n",
  });
  const { path, lines } = await started(t, entry);
  await using agent = await connect<Record<string, () => Promise<unknown>>>(path);
  await t.throwsAsync(call(agent, 'nothing'));
  let calls = 0;
  // On a slow machine, fifty calls may take longer than the pause between two lines.
  await until(async () => {
    calls += 50;
    await Promise.all(Array.from({ length: 50 }, () => t.throwsAsync(call(agent, 'fail'))));
    return lines().some(({ others = 0 }) => others > 1);
  });
  const [first] = lines();
  t.like(first, { method: 'fail', at: 'agent.js:2:9' });
  t.is(first?.others, undefined);
  const counted = lines().reduce((sum, { others = 0 }) => sum + 1 + others, 0);
  t.true(counted > lines().length && counted <= calls, `${counted} of ${calls}`);
});

test('a raw agent names the place too', async (t) => {
  const { entry } = await bundled(t, 'agent.ts', {
    'agent.ts': "\nexport default (_: Uint8Array): never => {\n  throw new Error('raw');\n};\n",
  });
  const { path, lines } = await started(t, entry);
  const client = await connectRaw(path);
  await t.throwsAsync(client.request('x'));
  await until(() => lines().length === 1);
  t.like(lines()[0], { method: 'default', at: 'agent.ts:3:9', error: { message: 'raw' } });
});

test('in development, the log shows the source and the stack of each failure, and the caller gets the stack', async (t) => {
  const folder = await tempDir(t);
  await writeTree(folder, { 'lib/fail.ts': LIB, 'agent.ts': MODULE, 'package.json': '{ "type": "module" }' });
  const { path, text } = await started(t, join(folder, 'agent.ts'), '--development');
  await using agent = await connect<Record<string, () => Promise<unknown>>>(path);
  const error = await t.throwsAsync(call(agent, 'deep'));
  const place = `lib/fail.ts:${placeOf(LIB, "new Failure('deep')")}`;
  t.true(error?.stack?.includes(place), error?.stack);
  t.false(error?.stack?.includes('run-rpc'), error?.stack);
  await t.throwsAsync(call(agent, 'deep'));
  await until(() => text().split('deep failed at').length === 3);
  t.true(text().includes(`deep failed at ${place}`), text());
  t.regex(text(), /> 12 \| {3}if \(options\.deep\) throw new Failure\('deep'\);\n +\| {27}\^/);
  t.regex(text(), /Error: deep\n +at fail /);
});

const PYTHON = `
import json, sys
from multiprocessing.connection import Client
sys.path.insert(0, sys.argv[2])
from launchpool_client import Agent, AgentError
with Client(sys.argv[1], "AF_UNIX") as plain:
    plain.send_bytes(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "deep"}).encode())
    error = json.loads(plain.recv_bytes())["error"]
with Agent(sys.argv[1]) as agent:
    try:
        agent.call("deep")
    except AgentError as caught:
        own = [str(caught), caught.name, caught.code, caught.stack]
print(json.dumps([[error["message"], error["data"]["name"], error["code"], error["data"].get("stack")], own]))
`;

for (const flags of [[], ['--development']]) {
  const isDev = flags.length > 0;
  test(`Python reads what a method throws, ${isDev ? 'under dev with its stack' : 'installed without a place, which the log has'}`, async (t) => {
    const files = { 'agent.ts': MODULE, 'lib/fail.ts': LIB, 'package.json': '{ "type": "module" }' };
    const folder = await tempDir(t);
    await writeTree(folder, files);
    const module = isDev ? join(folder, 'agent.ts') : (await bundled(t, 'agent.ts', files)).entry;
    const { path, text } = await started(t, module, ...flags);
    const python = findPython()?.path ?? 'python3';
    const examples = fileURLToPath(new URL('../../examples/python', import.meta.url));
    const { stdout, stderr, status } = await runProgram([python, '-c', PYTHON, path, examples]);
    t.is(status, 0, stderr);
    const [plain, own] = JSON.parse(stdout.toString());
    for (const [message, name, , stack] of [plain, own]) {
      t.deepEqual([message, name], ['deep', 'Error']);
      if (isDev) t.regex(stack, /\bfail\.ts:12:\d+/);
      else t.falsy(stack);
    }
    const place = `lib/fail.ts:${placeOf(LIB, "new Failure('deep')")}`;
    await until(() => text().includes(place));
  });
}
