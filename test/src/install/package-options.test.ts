/** An installation with options in a package.json, and its upgrades. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { upgrade } from '../../../src/install/upgrade.ts';
import { readRecord } from '../../../src/installed/record.ts';
import { ask, createInstallBench, type InstallBench, LABEL } from '../../helpers/install-bench.ts';

type Written = { path: string; write(launchpool: unknown): Promise<void> };

function packageOf({ module }: InstallBench): Written {
  const path = join(dirname(module), 'package.json');
  return { path, write: (launchpool) => writeFile(path, JSON.stringify({ launchpool })) };
}

test.serial('an upgrade keeps what install was given, and follows the package.json in the rest', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const { path, write } = packageOf(bench);
  await write({ label: LABEL, idle: 30, threads: 1, env: { A: 'package', B: 'package' } });
  const { socket } = await bench.install({ agent: { threads: '2' }, env: { A: 'given' } });
  const record = (): unknown => {
    const { options, origins } = readRecord(bench.layout) ?? {};
    return { agent: options?.agent, env: options?.env, origins };
  };
  const before = { agent: { idle: '30', threads: '2' }, env: { A: 'given', B: 'package' } };
  t.deepEqual(record(), { ...before, origins: { 'env.B': path, idle: path } });
  t.is((await upgrade(bench.options)).outcome, 'unchanged');

  const pid = await ask(socket, 'pid');
  await write({ idle: 60, threads: 4, drain: 3, env: { A: 'other' } });
  const { outcome, notes } = await upgrade(bench.options);
  t.is(outcome, 'upgraded');
  t.deepEqual(
    notes.filter((note) => note.startsWith('package.json')),
    ['package.json has changed: env.B, idle, drain.'],
  );
  t.not(await ask(socket, 'pid'), pid);
  const after = { agent: { idle: '60', threads: '2', drain: '3' }, env: { A: 'given' } };
  t.deepEqual(record(), { ...after, origins: { idle: path, drain: path } });

  // A change of no option changes nothing but the record.
  await writeFile(path, JSON.stringify({ version: '2', launchpool: { drain: 3, idle: 60, env: { A: 'other' } } }));
  t.is((await upgrade(bench.options)).outcome, 'unchanged');
});

test.serial('an option of an earlier launchpool stays given, and a package.json comes below it', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await bench.install({ agent: { idle: '5' } });
  await packageOf(bench).write({ idle: 60, threads: 1 });
  await upgrade(bench.options);
  t.deepEqual(readRecord(bench.layout)?.options.agent, { idle: '5', threads: '1' });
});

for (const [what, content, message] of [
  [
    'an unknown option',
    { idel: 5 },
    /launchpool\.idel in .*package\.json: there is no such option\. Did you mean idle\?/,
  ],
  [
    'a value that does not go with another',
    { minThreads: 5, threads: 2 },
    /launchpool\.minThreads in .*package\.json: 5: more than/,
  ],
  [
    'an address that is none',
    { tcp: 'everywhere', authkeyFile: 'key' },
    /launchpool\.tcp in .*package\.json: everywhere: not 127/,
  ],
] as const) {
  test.serial(`${what} in the package.json is refused, and nothing is installed`, async (t) => {
    const bench = await createInstallBench(t, 'embedded');
    if (bench === undefined) return;
    const before = bench.traces();
    await packageOf(bench).write(content);
    const error = await bench.failure(t);
    t.is(error.code, 'ERR_LAUNCHPOOL_OPTION_INVALID');
    t.regex(error.message, message);
    t.deepEqual(bench.traces(), before);
  });
}
