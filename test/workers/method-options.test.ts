/** The export `options` of a module: what is accepted, and how the rest is refused. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { factsOf, importHandlers } from '../../workers/handlers.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import { tempDir } from '../helpers/temp-dir.ts';

async function load(t: ExecutionContext, source: string, name = 'agent.mjs'): Promise<ModuleFacts> {
  const path = join(await tempDir(t), name);
  await writeFile(path, source);
  return factsOf((await importHandlers(pathToFileURL(path).href)).handlers);
}

const SLOW = 'export const slow = () => 1;';

test('a module says the deadlines and limits of its methods', async (t) => {
  const options = { slow: { timeoutMs: 5000, concurrency: 2 } };
  const facts = { kind: 'rpc', methods: ['slow'], methodOptions: options } as const;
  t.deepEqual(await load(t, `${SLOW} export const options = ${JSON.stringify(options)};`), facts);
  t.deepEqual(await load(t, `exports.slow = () => 1; exports.options = ${JSON.stringify(options)};`, 'a.cjs'), facts);
});

for (const options of [
  '{}',
  '{ slow: {} }',
  '{ slow: undefined }',
  '{ slow: { timeoutMs: undefined } }',
  'undefined',
]) {
  test(`options = ${options} limits nothing`, async (t) => {
    t.deepEqual(await load(t, `${SLOW} export const options = ${options};`), { kind: 'rpc', methods: ['slow'] });
  });
}

test('a function of that name is a method', async (t) => {
  t.deepEqual(await load(t, `${SLOW} export const options = () => 2;`), { kind: 'rpc', methods: ['options', 'slow'] });
});

for (const [options, message, hint] of [
  ['{ slo: {} }', 'options.slo: the module has no such method', 'The methods are slow.'],
  ['{ setup: {} }', 'options.setup: the module has no such method', 'The methods are slow.'],
  ['{ slow: 5 }', 'options.slow: 5, not an object', 'Give slow an object with timeoutMs or concurrency, or both.'],
  [
    '{ slow: [] }',
    'options.slow: an array, not an object',
    'Give slow an object with timeoutMs or concurrency, or both.',
  ],
  ['{ slow: { timeout: 5 } }', 'options.slow.timeout: unknown', 'The keys are timeoutMs and concurrency.'],
  ['{ slow: { timeoutMs: 0 } }', 'options.slow.timeoutMs: 0', /^It takes a number of milliseconds, more than 0/],
  ['{ slow: { timeoutMs: "5" } }', 'options.slow.timeoutMs: "5"', /^It takes a number of milliseconds, more than 0/],
  ['{ slow: { timeoutMs: NaN } }', 'options.slow.timeoutMs: NaN', /^It takes a number of milliseconds, more than 0/],
  ['{ slow: { timeoutMs: 2 ** 31 } }', 'options.slow.timeoutMs: 2147483648', /at most 2147483647/],
  ['{ slow: { concurrency: 0 } }', 'options.slow.concurrency: 0', 'It takes a whole number from 1 to 1000000.'],
  ['{ slow: { concurrency: 1.5 } }', 'options.slow.concurrency: 1.5', 'It takes a whole number from 1 to 1000000.'],
  ['{ slow: { concurrency: () => 1 } }', 'options.slow.concurrency: a function', /whole number/],
  ['null', 'options: null, not an object', /^Export for instance/],
  ['"slow"', 'options: "slow", not an object', /^Export for instance/],
] as const) {
  test(`options = ${options} is refused with what is accepted`, async (t) => {
    const error = await t.throwsAsync<Error & { hint: string }>(load(t, `${SLOW} export const options = ${options};`), {
      code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    });
    t.true(error.message.endsWith(`agent.mjs has an options export that is not valid: ${message}`), error.message);
    if (typeof hint === 'string') t.is(error.hint, hint);
    else t.regex(error.hint, hint);
  });
}

test('a raw agent has no options', async (t) => {
  const raw = 'export default (message) => message;';
  const error = await t.throwsAsync<Error & { hint: string }>(
    load(t, `${raw} export const options = { default: {} };`),
    {
      code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
      message: /is a raw agent, and has an options export, which is for the methods of an RPC agent$/,
    },
  );
  t.regex(error.hint, /--run-timeout and --concurrency/);
});
