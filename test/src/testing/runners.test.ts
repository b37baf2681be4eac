/**
 * The examples of docs/testing.md in the runners themselves, in a project that has the package as it ships; and tests that do not
 * close their agents. Vitest is installed by `npm ci --prefix packages/runners`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { builtPackage } from '../../helpers/built-package.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { processesWith } from '../../helpers/processes.ts';
import { type Finished, runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const AVA = join(ROOT, 'node_modules', 'ava');
const VITEST = join(ROOT, 'packages', 'runners', 'node_modules', 'vitest');
const launchpool = builtPackage();

/** The blocks that begin with the name of a file. */
const EXAMPLES: Readonly<Record<string, string>> = Object.fromEntries(
  [...readFileSync(join(ROOT, 'docs', 'testing.md'), 'utf8').matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```/gm)].map(
    ([, name, text]) => [name, text],
  ),
);

type Runner = {
  name: string;
  /** The package of the runner, for the project. */
  folder?: string;
  /** The example for it. */
  example: string;
  passed: RegExp;
  command(file: string): [string, ...string[]];
  /** A test that fails and does not close its agent. */
  failing: string;
};

const START = "const agent = await startAgent(new URL('./greet.ts', import.meta.url));";

const NODE_TEST: Runner = {
  name: 'node:test',
  example: 'greet.node.test.ts',
  passed: /^. pass 2$/m,
  command: (file) => [process.execPath, '--test', file],
  failing: `
    import { test } from 'node:test';
    import { startAgent } from 'launchpool/testing';
    test('fails', async () => { ${START} await agent.client.greet(''); });`,
};

const avaWith = (name: string, ...flags: string[]): Runner => ({
  name,
  folder: AVA,
  example: 'greet.ava.test.ts',
  passed: /2 tests passed/,
  // AVA's own limit of ten seconds is short for a busy machine.
  command: (file) => [process.execPath, join(ROOT, 'node_modules', '.bin', 'ava'), '--timeout=2m', ...flags, file],
  failing: `
    import test from 'ava';
    import { startAgent } from 'launchpool/testing';
    test('fails', async (t) => { ${START} await agent.client.greet(''); });`,
});

const vitestWith = (pool: string): Runner => ({
  name: `vitest with the pool ${pool}`,
  folder: VITEST,
  example: 'greet.vitest.test.ts',
  passed: /Tests +1 passed/,
  command: (file) => [process.execPath, join(VITEST, 'vitest.mjs'), 'run', '--pool', pool, file],
  failing: `
    import { test } from 'vitest';
    import { startAgent } from 'launchpool/testing';
    test('fails', async () => { ${START} await agent.client.greet(''); });`,
});

const RUNNERS: readonly Runner[] = [
  NODE_TEST,
  avaWith('ava with threads'),
  avaWith('ava with processes', '--no-worker-threads'),
  vitestWith('forks'),
  vitestWith('threads'),
];

/** A project with the examples, its runner and the package. */
async function createProject(t: ExecutionContext, ...packages: (string | undefined)[]): Promise<string> {
  const folder = await tempDir(t);
  await writeTree(folder, {
    ...EXAMPLES,
    'package.json': '{ "private": true, "type": "module", "ava": { "extensions": ["ts"] } }',
    't/.keep': '',
  });
  launchpool.linkInto(folder);
  for (const path of packages) {
    if (path !== undefined) symlinkSync(path, join(folder, 'node_modules', path.split('/').at(-1) as string));
  }
  return folder;
}

/** Colours, and the variables of the runner that runs this test, would change the output. */
function environmentIn(folder: string): NodeJS.ProcessEnv {
  const { FORCE_COLOR, NODE_TEST_CONTEXT, NODE_COMPILE_CACHE, NODE_ENV, CI, ...env } = process.env;
  return { ...env, NO_COLOR: '1', TMPDIR: join(folder, 't'), LAUNCHPOOL_TEST_MARK: folder };
}

const filesOf = (folder: string): string[] => readdirSync(join(folder, 't')).filter((name) => name !== '.keep');

const textOf = ({ stdout, stderr }: Finished): string => `${stdout}${stderr}`;

for (const runner of RUNNERS) {
  // One after another: each of them starts many processes.
  test.serial(
    `the example passes in ${runner.name}, and neither it nor a test that fails leaves an agent`,
    async (t) => {
      t.timeout(3 * 60_000);
      if (runner.folder !== undefined && !existsSync(runner.folder))
        return notTested(t, 'Vitest is not installed: npm ci --prefix packages/runners');
      const folder = await createProject(t, runner.folder);
      writeFileSync(join(folder, 'failing.test.ts'), runner.failing);
      const run = (file: string): Promise<Finished> =>
        runProgram(runner.command(file), { cwd: folder, env: environmentIn(folder) });
      const left = (): number[] => processesWith(`LAUNCHPOOL_TEST_MARK=${folder}`);

      const failed = await run('failing.test.ts');
      t.is(failed.status, 1, textOf(failed));
      t.regex(textOf(failed), /a name has at least one letter/);
      t.regex(textOf(failed), /greet\.ts:9:/);
      await until(() => left().length === 0);
      // A runner may kill its processes, or terminate its threads.
      t.true(filesOf(folder).length <= 1);

      const passed = await run(runner.example);
      t.is(passed.status, 0, textOf(passed));
      t.regex(textOf(passed), runner.passed);
      await until(() => left().length === 0);
      t.deepEqual(filesOf(folder), []);
    },
  );
}

for (const [name, files, ...packages] of [
  ['node:test and ava', ['greet.node.test.ts', 'greet.ava.test.ts'], AVA],
  ['vitest', ['greet.vitest.test.ts'], VITEST],
] as const) {
  test.serial(`the examples compile against the types of the package: ${name}`, async (t) => {
    t.timeout(2 * 60_000);
    if (!packages.every(existsSync)) return notTested(t, 'Vitest is not installed: npm ci --prefix packages/runners');
    const folder = await createProject(t, ...packages);
    mkdirSync(join(folder, 'node_modules', '@types'));
    symlinkSync(join(ROOT, 'node_modules', '@types', 'node'), join(folder, 'node_modules', '@types', 'node'));
    writeFileSync(
      join(folder, 'wrong.ts'),
      `import { startAgent } from 'launchpool/testing';
      const agent = await startAgent<typeof import('./greet.ts')>('greet.ts', { threads: 'all' });
      await agent.client.gret('you');`,
    );
    const tsc = (...sources: string[]): Promise<Finished> =>
      runProgram(
        [
          join(ROOT, 'node_modules', '.bin', 'tsc'),
          ...['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--allowImportingTsExtensions'],
          ...['--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--types', 'node', ...sources],
        ],
        { cwd: folder },
      );
    const right = await tsc(...files);
    t.is(right.status, 0, textOf(right));
    const wrong = textOf(await tsc('wrong.ts'));
    t.regex(wrong, /"all"/);
    t.regex(wrong, /'gret'/);
  });
}

test('docs/testing.md has an example for each runner', (t) => {
  t.deepEqual(Object.keys(EXAMPLES).sort(), [
    ...['greet.ava.test.ts', 'greet.node.test.ts', 'greet.ts', 'greet.vitest.test.ts'],
  ]);
});
