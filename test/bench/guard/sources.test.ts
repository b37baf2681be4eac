/** Sources for the guard, from a repository of the test's own. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { buildCheckout } from '../../../bench/guard/build.ts';
import { flagsIn } from '../../../bench/guard/node-flags.ts';
import { extract, extractWorkingTree, resolveCommit } from '../../../bench/guard/sources.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const IDENTITY = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];

async function repository(
  t: ExecutionContext,
): Promise<{ root: string; folder: string; git: (...args: string[]) => string }> {
  const folder = await tempDir(t);
  const root = join(folder, 'repository');
  await mkdir(join(root, 'src'), { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...IDENTITY, ...args], { encoding: 'utf8' }).trim();
  git('init', '--quiet');
  for (const name of ['src/kept.ts', 'src/changed.ts', 'src/deleted.ts'])
    await writeFile(join(root, name), 'committed\n');
  await writeFile(join(root, '.gitignore'), 'dist/\nnode_modules/\n');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'first');
  return { root, folder, git };
}

test('a commit is extracted as it was committed', async (t) => {
  const { root, folder, git } = await repository(t);
  await writeFile(join(root, 'src/changed.ts'), 'second\n');
  git('commit', '--quiet', '--all', '--message', 'second');
  const commit = await resolveCommit(root, 'HEAD~1');
  t.is(commit, git('rev-parse', 'HEAD~1'));
  await extract(root, commit, join(folder, 'out'));
  t.is(await readFile(join(folder, 'out/src/changed.ts'), 'utf8'), 'committed\n');
});

const extractsWorkingTree = test.macro(async (t, packages: (path: string, folder: string) => Promise<unknown>) => {
  const { root, folder, git } = await repository(t);
  await writeFile(join(root, 'src/changed.ts'), 'changed\n');
  await writeFile(join(root, 'src/new.ts'), 'new\n');
  await rm(join(root, 'src/deleted.ts'));
  await mkdir(join(root, 'dist'));
  await writeFile(join(root, 'dist/built.js'), 'ignored\n');
  await packages(join(root, 'node_modules'), folder);
  const stateOf = (): string[] => [git('status', '--porcelain'), git('count-objects'), git('diff', '--cached')];
  const before = stateOf();
  await extractWorkingTree(root, join(folder, 'out'));
  t.deepEqual(stateOf(), before);
  t.deepEqual((await readdir(join(folder, 'out'))).sort(), ['.gitignore', 'src']);
  t.deepEqual((await readdir(join(folder, 'out/src'))).sort(), ['changed.ts', 'kept.ts', 'new.ts']);
  t.is(await readFile(join(folder, 'out/src/changed.ts'), 'utf8'), 'changed\n');
});
test(
  'the working tree is extracted with what is changed, new and deleted, without packages, and stays as it is',
  extractsWorkingTree,
  async (path) => {
    await mkdir(path);
    await writeFile(join(path, 'package.js'), '');
  },
);
test('the same where the packages are linked', extractsWorkingTree, (path, folder) => symlink(folder, path));

test('a revision that names no commit is refused, also one that reads like an option', async (t) => {
  const { root, folder } = await repository(t);
  for (const revision of ['no-such-branch', 'HEAD~9', 'HEAD:src', '--all', '']) {
    await t.throwsAsync(resolveCommit(root, revision), {
      message: `--guard ${revision}: there is no such commit in this repository`,
    });
  }
  await t.throwsAsync(resolveCommit(folder, 'HEAD'), { message: /is not a git checkout$/ });
});

async function packageIn(folder: string, build: string, lock: object = {}): Promise<string> {
  await mkdir(join(folder, 'dependency'), { recursive: true });
  const write = (path: string, content: object): Promise<void> =>
    writeFile(join(folder, path), JSON.stringify(content));
  const own = { name: 'example', version: '1.0.0', dependencies: { dependency: 'file:dependency' } };
  await write('package.json', { ...own, bin: { launchpool: 'out/program.cjs' }, scripts: { build } });
  await write('dependency/package.json', { name: 'dependency', version: '1.0.0' });
  const linked = { resolved: 'dependency', link: true };
  const packages = { '': own, dependency: { version: '1.0.0' }, 'node_modules/dependency': linked };
  await write('package-lock.json', { name: 'example', version: '1.0.0', lockfileVersion: 3, packages, ...lock });
  return folder;
}

const BUILD = `node -e "fs.mkdirSync('out'); fs.writeFileSync('out/program.cjs', fs.realpathSync('node_modules'))"`;

test('a checkout is built by its own script, with the packages of the other one where the lock file is the same', async (t) => {
  const folder = await tempDir(t);
  const root = await packageIn(join(folder, 'root'), 'exit 1');
  await mkdir(join(root, 'node_modules'));
  const other = await packageIn(join(folder, 'other'), BUILD);
  const program = await buildCheckout(root, other, 'other');
  t.is(program, join(other, 'out/program.cjs'));
  t.is(await readFile(program, 'utf8'), join(root, 'node_modules'));
});

test('with another lock file, its packages are installed', async (t) => {
  const folder = await tempDir(t);
  const root = await packageIn(join(folder, 'root'), 'exit 1');
  const other = await packageIn(join(folder, 'other'), BUILD, { requires: true });
  const program = await buildCheckout(root, other, 'other');
  t.is(await readFile(program, 'utf8'), join(other, 'node_modules'));
  t.true((await readdir(join(other, 'node_modules'))).includes('dependency'));
});

test('a build that fails is an error with the end of its output', async (t) => {
  const folder = await tempDir(t);
  const root = await packageIn(join(folder, 'root'), 'exit 1');
  const other = await packageIn(join(folder, 'other'), 'echo 12 errors; exit 3');
  await t.throwsAsync(buildCheckout(root, other, '1234abcd'), {
    message: /^1234abcd cannot be built: npm run ended with status 3:\n[\s\S]*12 errors/,
  });
});

test('the flags of Node are read from the unit of an installation', (t) => {
  const unit = '[Service]\nExecStart="/opt/node" "--a=1" "--b" "/opt/launchpool.cjs" "run" "/opt/run" "--label" "x"\n';
  t.deepEqual(flagsIn(unit), ['--a=1', '--b']);
  t.deepEqual(flagsIn('ExecStart="/opt/node" "/opt/launchpool.cjs" "run" "/m.js"\n'), []);
  t.throws(() => flagsIn('[Service]\n'), { message: /no ExecStart/ });
});
