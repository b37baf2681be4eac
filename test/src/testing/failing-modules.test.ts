/** Modules whose agent cannot start: the error, and that nothing is left. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { LaunchpoolError } from '../../../src/client/index.ts';
import type { TestAgentOptions } from '../../../src/testing/index.ts';
import { builtPackage } from '../../helpers/built-package.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { processesWith } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const launchpool = builtPackage();

type Case = {
  title: string;
  texts: Readonly<Record<string, string>>;
  options?: TestAgentOptions;
  code: string;
  message: RegExp;
  cause?: RegExp;
  log?: RegExp;
};

const CASES: readonly Case[] = [
  {
    title: 'has a syntax error',
    texts: { 'agent.ts': "export { a } from './other.ts';", 'other.ts': 'export const a = () => ;' },
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    message: /agent\.ts cannot be compiled: other\.ts:1:24: Unexpected ";"$/,
  },
  {
    title: 'imports a package that is not installed',
    texts: { 'agent.ts': "import { x } from 'not-there';\nexport const a = () => x;" },
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    message: /agent\.ts.*not-there/s,
  },
  {
    title: 'does not exist',
    texts: {},
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    message: /does not exist: .*agent\.ts$/,
  },
  {
    title: 'throws while it is loaded',
    texts: {
      'agent.ts': "console.log('loads');\nimport { a as b } from './other.ts';\nexport const a = () => b;",
      'other.ts': "export const a: unknown = JSON.parse('{');",
    },
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    message: /\/agent\.ts cannot be loaded: SyntaxError: .* \(other\.ts:1:\d+\)$/,
    cause: /in JSON/,
  },
  {
    title: 'fails in its setup',
    texts: {
      'agent.ts':
        "export async function setup() { console.log('no port'); throw new Error('no database'); }\nexport const a = 1, b = () => 1;",
    },
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    message: /\/agent\.ts failed in its setup\(\): Error: no database \(agent\.ts:1:\d+\)$/,
    cause: /^no database$/,
    log: /INFO: no port$/m,
  },
  {
    title: 'has no function',
    texts: { 'agent.ts': 'export const a = 1;' },
    code: 'ERR_LAUNCHPOOL_MODULE_NO_EXPORTS',
    message: /agent\.ts exports no function/,
  },
  {
    title: 'calls process.exit()',
    texts: { 'agent.ts': 'process.exit(3);\nexport const a = () => 1;' },
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    message: /process\.exit\(3\)/,
  },
  {
    title: 'kills its process',
    texts: { 'agent.ts': "console.log('last');\nprocess.kill(process.pid, 'SIGKILL');\nexport const a = () => 1;" },
    code: 'ERR_LAUNCHPOOL_NOT_READY',
    message: /its process ended with signal SIGKILL/,
  },
  {
    title: 'ends its process as if it had done its work',
    texts: {
      'agent.ts': `process.kill(process.pid, 'SIGTERM');
        await new Promise((done) => setTimeout(done, 2 ** 30));
        export const a = () => 1;`,
    },
    options: { drain: 0, 'cancel-grace': 0 },
    code: 'ERR_LAUNCHPOOL_NOT_READY',
    message: /its process exited/,
  },
  {
    title: 'takes longer to load than it may',
    texts: { 'agent.ts': 'await new Promise((done) => setTimeout(done, 2 ** 30));\nexport const a = () => 1;' },
    options: { 'load-timeout': 0.2 },
    code: 'ERR_LAUNCHPOOL_LOAD_TIMEOUT',
    message: /0\.2 s|200 ms/,
  },
  {
    title: 'has an authkey that is no key',
    texts: { 'agent.ts': 'export const a = () => 1;' },
    options: { authkey: '' },
    code: 'ERR_LAUNCHPOOL_OPTION_INVALID',
    message: /authkey/,
  },
];

// Serial: each has a TMPDIR of its own, which belongs to the process.
for (const { title, texts, options, code, message, cause, log } of CASES) {
  test.serial(`an agent is not started whose module ${title}, and nothing is left of it`, async (t) => {
    const folder = await tempDir(t);
    const temporary = join(folder, 't');
    mkdirSync(temporary);
    await writeTree(folder, texts);
    const { startAgent } = await launchpool.testing();
    process.env.TMPDIR = temporary;
    const env = { LAUNCHPOOL_TEST_MARK: folder };
    const error = (await t.throwsAsync(startAgent(join(folder, 'agent.ts'), { ...options, env }))) as LaunchpoolError;
    t.is(error.code, code);
    t.regex(error.message, message);
    t.is(error.name, 'LaunchpoolError');
    t.false(error.remote);
    if (cause !== undefined) t.regex((error.cause as Error).message, cause);
    if (log !== undefined) t.regex((error.data as { log: string[] }).log.join('\n'), log);
    t.deepEqual(readdirSync(temporary), []);
    // Threads of a process that was killed may end a moment later than the process.
    await until(() => processesWith(`LAUNCHPOOL_TEST_MARK=${folder}`).length === 0);
  });
}
