/** The description of an installed version: written with it, kept up to date, and no part of its name. */
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Description } from '../../../description/description.ts';
import { DESCRIPTION_FILE, readDescription } from '../../../description/description-file.ts';
import type { Supervisor } from '../../../job/supervisor.ts';
import { connectRpc } from '../../../src/client/rpc.ts';
import { install } from '../../../src/install/install.ts';
import type { StepEvent } from '../../../src/install/rollback.ts';
import { upgrade } from '../../../src/install/upgrade.ts';
import { createInstallBench, type InstallBench } from '../../helpers/install-bench.ts';
import { writeTree } from '../../helpers/materialise.ts';

const PACKAGES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

async function benchWithCompiler(t: ExecutionContext): Promise<InstallBench | undefined> {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return undefined;
  const modules = join(bench.module, '..', 'node_modules');
  await mkdir(modules);
  for (const name of ['typescript', '@typescript']) symlinkSync(join(PACKAGES, name), join(modules, name));
  return bench;
}

async function installed(bench: InstallBench): Promise<{ outcome: string; detail: string }> {
  const events: StepEvent[] = [];
  const { outcome } = await install({ ...bench.options, onStep: (event) => events.push(event) });
  return { outcome, detail: events.findLast(({ step }) => step === 'describe')?.detail ?? '' };
}

const versionsOf = ({ layout }: InstallBench): string[] => readdirSync(layout.versions);
const described = ({ layout }: InstallBench): Description => readDescription(layout.current) as Description;
const fileOf = ({ layout }: InstallBench): string => join(layout.current, DESCRIPTION_FILE);

const agent = (comment: string, result = 'number'): string =>
  `/** ${comment} */\nexport const double = (value: number): ${result} => value * 2;\n`;

test('the types of a module stand beside what it offers', async (t) => {
  const bench = await benchWithCompiler(t);
  if (bench === undefined) return;
  await bench.write(agent('Doubles.'));
  const { outcome, detail } = await installed(bench);
  t.is(outcome, 'installed');
  t.regex(detail, /^types: typescript 7\./);
  t.deepEqual(described(bench).methods, [
    {
      name: 'double',
      signature: ['double(value: number): number'],
      summary: 'Doubles.',
      description: 'Doubles.',
      params: [{ name: 'value', schema: { type: 'number' }, required: true }],
      result: { schema: { type: 'number' } },
    },
  ]);
});

test('other comments and types are described again, and are no other version', async (t) => {
  const bench = await benchWithCompiler(t);
  if (bench === undefined) return;
  await bench.write(agent('Doubles.'));
  await installed(bench);
  const [versions, text] = [versionsOf(bench), readFileSync(fileOf(bench), 'utf8')];
  t.is((await installed(bench)).outcome, 'unchanged');
  t.is(readFileSync(fileOf(bench), 'utf8'), text);
  // As long as before: the places in the source map are the same.
  await bench.write(agent('Trebles.', 'string'));
  t.is((await installed(bench)).outcome, 'unchanged');
  t.deepEqual(versionsOf(bench), versions);
  const [method] = described(bench).methods;
  t.is(method?.summary, 'Trebles.');
  t.deepEqual(method?.result.schema, { type: 'string' });
});

test('without a compiler, the names and the number of parameters remain, also for a version that is there', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await bench.write(agent('Doubles.'));
  const { detail } = await installed(bench);
  t.is(detail, 'without types: the project of the module has no package typescript');
  const expected = [
    {
      name: 'double',
      signature: ['double(param1)'],
      params: [{ name: 'param1', schema: true, required: false }],
      result: { schema: true },
    },
  ];
  t.deepEqual(described(bench).methods as unknown, expected);
  t.is((await installed(bench)).outcome, 'unchanged');
  t.deepEqual(described(bench).methods as unknown, expected);
});

test('the description of a raw agent has no methods', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await bench.write('export default (message: Uint8Array) => message;\n');
  t.is((await installed(bench)).detail, 'a raw agent has none');
  t.deepEqual(described(bench), { format: 1, methods: [], $defs: {}, notes: [] });
});

test('a failed installation leaves the description of the version that is there', async (t) => {
  const bench = await benchWithCompiler(t);
  if (bench === undefined) return;
  await bench.write(agent('Doubles.'));
  await installed(bench);
  const text = readFileSync(fileOf(bench), 'utf8');
  await bench.write(agent('Trebles.'));
  const { supervisor } = bench.options;
  if (typeof supervisor !== 'object') return t.fail();
  let loads = 0;
  const load: Supervisor['load'] = async (...args) => {
    loads += 1;
    if (loads === 1) {
      throw Object.assign(new Error('the test refuses'), { hint: 'It is the test.' });
    }
    return supervisor.load(...args);
  };
  const error = await bench.failure(t, { supervisor: { ...supervisor, load }, env: { OTHER: '1' } });
  t.is(error.data.step, 'load');
  t.is(readFileSync(fileOf(bench), 'utf8'), text);
});

test('an installation that fails before does not wait for a compiler that hangs', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const started = join(bench.module, '..', 'started');
  await writeTree(join(bench.module, '..'), {
    'node_modules/typescript/package.json': '{ "name": "typescript", "version": "5.9.3", "main": "index.js" }',
    'node_modules/typescript/index.js': `require('node:fs').writeFileSync(${JSON.stringify(started)}, ''); for (;;);`,
  });
  await bench.write('throw new Error("no");');
  t.timeout(100_000);
  const error = await bench.failure(t);
  t.is(error.data.step, 'module');
});

test('a description that is damaged, or of another format, counts as none', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await installed(bench);
  t.not(readDescription(bench.layout.current), undefined);
  for (const text of [
    '',
    'null',
    '{}',
    '{"format":2,"methods":[],"notes":[],"$defs":{}}',
    '{"format":1,"methods":[]}',
  ]) {
    await writeFile(fileOf(bench), text);
    t.is(readDescription(bench.layout.current), undefined, text);
  }
  rmSync(fileOf(bench));
  t.is(readDescription(bench.layout.current), undefined);
  t.is((await installed(bench)).outcome, 'unchanged');
  t.true(existsSync(fileOf(bench)));
});

test('an installation does not fail for a description that cannot be written', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await installed(bench);
  const path = realpathSync(fileOf(bench));
  rmSync(path);
  await mkdir(path);
  const { outcome, detail } = await installed(bench);
  t.is(outcome, 'unchanged');
  t.regex(detail, /^the description cannot be written: /);
});

test('other types of parameters are other checks, which the agent that runs gets with a new process', async (t) => {
  const bench = await benchWithCompiler(t);
  if (bench === undefined) return;
  const source = (type: string): string =>
    `export const double = (value: ${type}) => value;\nexport const pid = (): number => process.pid;\n`;
  await bench.write(source('number'));
  const { socket } = await install(bench.options);
  const client = await connectRpc(socket);
  t.teardown(client.close);
  await t.throwsAsync(client.call('double', ['text']), { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' });
  const [pid, versions] = [await client.call('pid', []), versionsOf(bench)];
  // As long as before: the places in the source map are the same.
  await bench.write(source('string'));
  t.is((await installed(bench)).outcome, 'upgraded');
  t.deepEqual(versionsOf(bench), versions);
  t.is(await client.call('double', ['text']), 'text');
  t.not(await client.call('pid', []), pid);
});

test('an agent of a launchpool without checks logs wrong arguments after its upgrade, unless it is told otherwise', async (t) => {
  const bench = await benchWithCompiler(t);
  if (bench === undefined) return;
  await bench.write('export const double = (value: number) => value;\n');
  const { socket } = await install(bench.options);
  const { record } = bench.layout;
  const isRefused = async (): Promise<boolean> => {
    const client = await connectRpc(socket);
    t.teardown(client.close);
    return client.call('double', ['text']).then(
      () => false,
      ({ code }) => code === 'ERR_LAUNCHPOOL_PARAMS_INVALID',
    );
  };
  const makeOld = (): void => {
    const { checksArguments, ...old } = JSON.parse(readFileSync(record, 'utf8'));
    t.true(checksArguments);
    writeFileSync(record, JSON.stringify(old));
  };
  t.true(await isRefused());
  t.deepEqual((await upgrade(bench.options)).notes, []);
  t.true(await isRefused());
  makeOld();
  const { notes } = await upgrade(bench.options);
  t.regex(notes.join(), /--validate warn.*--validate on/);
  t.false(await isRefused());
  t.deepEqual((await upgrade(bench.options)).notes, []);
  t.false(await isRefused());
  await install({ ...bench.options, agent: { validate: 'on' } });
  t.true(await isRefused());
  await install({ ...bench.options, agent: { validate: 'off' } });
  makeOld();
  t.deepEqual((await upgrade(bench.options)).notes, []);
  t.false(await isRefused());
});
