/** The files that `launchpool init` writes. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { init } from '../../../src/cli/scaffold.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { builtPackage } from '../../helpers/built-package.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const launchpool = builtPackage();
const NAMES = ['agent.ts', 'agent.test.ts', 'README.md', 'package.json', 'tsconfig.json'];

for (const raw of [false, true]) {
  test(`the tests of a new ${raw ? 'raw' : 'RPC'} agent pass`, async (t) => {
    const folder = join(await tempDir(t), 'my agent');
    const written = await init({ folder, raw });
    t.deepEqual(written, { folder, files: NAMES.map((name) => join(folder, name)) });
    launchpool.linkInto(folder);
    const { status, stdout } = await runProgram([process.execPath, '--test'], { cwd: folder, env: {} });
    t.is(status, 0, stdout.toString());
    t.regex(stdout.toString(), /\b(?:pass|# pass) 1\b/);
    t.true(readFileSync(join(folder, 'README.md'), 'utf8').startsWith('# com.example.my-agent\n'));
  });
}

test('an existing file is not overwritten, and no other file is written', async (t) => {
  const folder = await tempDir(t);
  writeFileSync(join(folder, 'README.md'), 'mine');
  await t.throwsAsync(init({ folder }), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID', message: /README\.md$/ });
  t.is(readFileSync(join(folder, 'README.md'), 'utf8'), 'mine');
  const { status, stderr } = await runProgram([process.execPath, ENTRY, 'init', folder]);
  t.is(status, 64);
  t.regex(stderr, /files exist: .*README\.md/);
});

test('the package that the tests import is installed from where it is, if it is missing', async (t) => {
  const folder = join(await tempDir(t), 'my agent');
  const run = async (...args: string[]): Promise<string> => {
    const { status, stdout } = await runProgram([process.execPath, ENTRY, 'init', ...args]);
    t.is(status, 0);
    return stdout.toString();
  };
  const steps = 'npm test && npx launchpool dev agent.ts\n';
  const [, shown] = /^Try it: {2}cd '.*' && npm install --save-dev (\S+) && (.*\n)$/m.exec(await run(folder)) ?? [];
  t.is(JSON.parse(readFileSync(join(shown ?? '', 'package.json'), 'utf8')).name, 'launchpool');
  launchpool.linkInto(folder);
  const below = join(folder, 'below');
  mkdirSync(below);
  t.true((await run(below)).endsWith(`Try it:  cd '${below}' && ${steps}`));
});

test('the tsconfig.json is that of the examples', async (t) => {
  const folder = join(await tempDir(t), 'a');
  await init({ folder });
  const ofExamples = new URL('../../../examples/formatter/tsconfig.json', import.meta.url);
  t.is(readFileSync(join(folder, 'tsconfig.json'), 'utf8'), readFileSync(ofExamples, 'utf8'));
});

test('an existing package.json and tsconfig.json are kept', async (t) => {
  const folder = await tempDir(t);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), '{}');
  const { status, stdout } = await runProgram([process.execPath, ENTRY, 'init', folder]);
  t.is(status, 0);
  t.deepEqual(
    stdout.toString().match(/^wrote .*$/gm),
    NAMES.slice(0, 3).map((name) => `wrote ${join(folder, name)}`),
  );
  t.is(readFileSync(join(folder, 'package.json'), 'utf8'), '{ "type": "module" }');
  t.is(readFileSync(join(folder, 'tsconfig.json'), 'utf8'), '{}');
});

test('when a file cannot be written, no other file is left', async (t) => {
  const folder = await tempDir(t);
  symlinkSync(join(folder, 'nowhere', 'else'), join(folder, 'package.json'));
  await t.throwsAsync(init({ folder }), { code: 'EEXIST' });
  t.deepEqual(readdirSync(folder), ['package.json']);
});
