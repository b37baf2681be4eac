/** The command line and the options in a package.json. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { hostOf } from '../../../src/installed/host.ts';
import { layoutOf } from '../../../src/installed/layout.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { type Finished, runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const LABEL = 'com.example.package';

async function project(t: ExecutionContext, packageJson: string): Promise<(...args: string[]) => Promise<Finished>> {
  const folder = await tempDir(t);
  await writeFile(join(folder, 'agent.ts'), 'export const ping = (): string => "pong";');
  await writeFile(join(folder, 'package.json'), packageJson);
  const env = { ...process.env, HOME: folder };
  return (...args) => runProgram([process.execPath, ENTRY, ...args], { env, cwd: folder });
}

test('install takes the label and the other options of the package.json', async (t) => {
  const run = await project(t, JSON.stringify({ launchpool: { label: LABEL, idle: '7s' } }));
  const { status, stdout, stderr } = await run('install', 'agent.ts', '--dry-run', '--json', '--supervisor', 'systemd');
  t.is(status, 0, stderr);
  const { result } = JSON.parse(stdout.toString());
  t.is(result.label, LABEL);
  t.regex(JSON.stringify(result.texts), /--idle\W+7s/);
});

for (const [what, packageJson, message] of [
  ['without a label', '{}', /the label is missing: give it with --label, or as .* in .*package\.json/],
  ['with an unknown option', '{"launchpool":{"idel":5}}', /launchpool\.idel in .*package\.json: .*Did you mean idle\?/],
  ['that is no JSON', '{"launchpool":{"label" "a"}}', /package\.json cannot be read: .*position 23/],
] as const) {
  test(`install and dev of a module with a package.json ${what} fail as for wrong usage`, async (t) => {
    const run = await project(t, packageJson);
    const verbs = what === 'without a label' ? ['install'] : ['install', 'dev'];
    for (const verb of verbs) {
      const { status, stderr } = await run(verb, 'agent.ts');
      t.is(status, 64, verb);
      t.regex(stderr, message);
      t.notRegex(stderr, /\n\s+at /);
    }
  });
}

test('status --options prints every option with its value and its origin', async (t) => {
  const home = await tempDir(t);
  const env = { ...process.env, HOME: home };
  const layout = layoutOf(LABEL, hostOf({ home, env }));
  await mkdir(dirname(layout.record), { recursive: true });
  const record = {
    ...{ format: 1, version: '1', label: LABEL, supervisor: 'systemd', module: '/a.ts', hash: 'h', entry: 'a.cjs' },
    ...{ kind: 'rpc', methods: ['ping'], node: { path: '/n', version: 'v' }, madeFolders: [] },
    options: { agent: { idle: '30s', threads: '2' }, env: {} },
    origins: { idle: '/p/package.json' },
  };
  await writeFile(layout.record, JSON.stringify(record));
  const run = (...args: string[]): Promise<Finished> => runProgram([process.execPath, ENTRY, ...args], { env });
  const text = (await run('status', LABEL, '--options')).stdout.toString();
  t.regex(text, /^Option +Value +From$/m);
  t.regex(text, /^idle +30s +\/p\/package\.json$/m);
  t.regex(text, /^threads +2 +the installation$/m);
  t.regex(text, /^drain +10 +default$/m);
  t.regex(text, /^workingDirectory +the home folder +default$/m);
  const { result } = JSON.parse((await run('status', LABEL, '--options', '--json')).stdout.toString());
  t.is(result.label, LABEL);
  t.deepEqual(
    result.options.find(({ name }: { name: string }) => name === 'idle'),
    { name: 'idle', value: '30s', origin: 'package', path: '/p/package.json' },
  );
  const other = await run('status', 'com.example.other', '--options', '--json');
  t.false('options' in JSON.parse(other.stdout.toString()).result);
});
