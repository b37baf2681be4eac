/** What an installation leaves behind is named, and nothing else is. */
import { join } from 'node:path';
import test from 'ava';
import { type LeftBehindOptions, leftBehind } from '../../../src/install/left-behind.ts';
import { createInstallBench } from '../../helpers/install-bench.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const NONE = { paths: [], imports: [] };

async function foldersWith(
  folder: string,
  project: Readonly<Record<string, string>>,
  installed: Readonly<Record<string, string>> = {},
): Promise<LeftBehindOptions> {
  await writeTree(join(folder, 'root', 'project'), { 'package.json': '{}', ...project });
  await writeTree(join(folder, 'installed', 'project'), { 'package.json': '{}', ...installed });
  await writeTree(join(folder, 'home'), { 'in-home.txt': '' });
  return {
    installed: join(folder, 'installed'),
    root: join(folder, 'root'),
    project: join(folder, 'root', 'project'),
    workingFolder: join(folder, 'home'),
  };
}

test('a file that is in the project and not in the installation is named with the option that takes it along', async (t) => {
  const folder = await tempDir(t);
  const options = await foldersWith(folder, { 'words/de.txt': '', 'there.txt': '' }, { 'there.txt': '' });
  const paths = ['words/de.txt', 'there.txt', 'in-neither.txt'].map((path) => join(options.installed, 'project', path));
  t.deepEqual(leftBehind({ ...NONE, paths }, options), [
    'words/de.txt stays behind, and the module looks for it: --include words/de.txt takes it along.',
  ]);
});

test('a package is named that an import does not find any more', async (t) => {
  const folder = await tempDir(t);
  const options = await foldersWith(
    folder,
    { 'node_modules/@a/driver/package.json': '{}', 'node_modules/kept/package.json': '{}' },
    { 'node_modules/kept/package.json': '{}' },
  );
  const from = join(options.installed, 'project');
  const imports = ['@a/driver/sub.js', 'kept/not-exported', 'never-installed', 'node:none'].map((specifier) => ({
    specifier,
    folder: from,
  }));
  t.deepEqual(leftBehind({ ...NONE, imports }, options), [
    'The package @a/driver stays behind, and the module looks for it: --include @a/driver takes it along.',
  ]);
});

test('a file is named that an import does not find any more', async (t) => {
  const folder = await tempDir(t);
  const options = await foldersWith(folder, { 'plugins/a.js': '' });
  const imports = [{ specifier: './a.js', folder: join(options.installed, 'project', 'plugins') }];
  t.deepEqual(leftBehind({ ...NONE, imports }, options), [
    'plugins/a.js stays behind, and the module looks for it: --include plugins/a.js takes it along.',
  ]);
});

test('a relative path that only the project has is named with the working folder', async (t) => {
  const folder = await tempDir(t);
  const options = await foldersWith(folder, { 'data.json': '', 'in-home.txt': '' });
  const [note = '', ...others] = leftBehind(
    { ...NONE, paths: ['data.json', 'in-home.txt', 'none.txt', '..'] },
    options,
  );
  t.deepEqual(others, []);
  t.true(
    note.startsWith(`data.json is looked for in the working folder, which is ${options.workingFolder} once`),
    note,
  );
  t.true(note.includes('new URL("./data.json", import.meta.url)'), note);
});

test('a path into the project is named, and others outside are not', async (t) => {
  const folder = await tempDir(t);
  const options = await foldersWith(folder, { 'data.json': '' });
  const path = join(options.project, 'data.json');
  t.deepEqual(leftBehind({ ...NONE, paths: [path, '/etc/passwd', join(options.project, 'none')] }, options), [
    `${path} is used by its absolute path, which leads nowhere once the project is moved: name it relative to the module, and take it along with --include data.json.`,
  ]);
});

test('a file outside of the package is named without the option, and files of .git and node_modules are not named', async (t) => {
  const folder = await tempDir(t);
  const options = await foldersWith(folder, { '../shared/data.json': '', '.git/HEAD': '', 'node_modules/x/a.js': '' });
  const paths = ['../shared/data.json', '.git/HEAD', 'node_modules/x/a.js'].map((path) =>
    join(options.installed, 'project', path),
  );
  const notes = leftBehind({ ...NONE, paths }, options);
  t.is(notes.length, 1);
  t.regex(notes[0] ?? '', /^\.\.\/shared\/data\.json .*outside of the module's package/);
});

test('a module in the home folder may read other files of it', async (t) => {
  const folder = await tempDir(t);
  const options = await foldersWith(folder, { '.npmrc': '' });
  const home = { ...options, workingFolder: options.project };
  t.deepEqual(leftBehind({ ...NONE, paths: [join(options.project, '.npmrc')] }, home), []);
});

test('of many files, ten are named and the others counted', async (t) => {
  const folder = await tempDir(t);
  const names = Array.from({ length: 25 }, (_, index) => `part-${index + 10}.txt`);
  const options = await foldersWith(folder, Object.fromEntries(names.map((name) => [name, ''])));
  const notes = leftBehind({ ...NONE, paths: names.map((name) => join(options.installed, 'project', name)) }, options);
  t.is(notes.length, 11);
  t.is(notes.at(-1), 'The same is true of 15 more.');
});

test('install names what the module looks for when it loads, in setup too, and what its sources name', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const project = join(await tempDir(t), 'project');
  await writeTree(project, {
    'package.json': '{ "type": "module" }',
    'node_modules/driver/package.json': '{ "name": "driver" }',
    'node_modules/driver/index.js': '',
    'data.json': '{}',
    'settings.json': '{}',
    'optional.json': '{}',
    'words/de.txt': 'hallo',
    'agent.ts': `
      import { existsSync, readFileSync } from 'node:fs';
      import { readdir } from 'node:fs/promises';
      import { createRequire } from 'node:module';
      import { join } from 'node:path';
      const name = (...parts: string[]): string => parts.join('');
      const hasOptional = existsSync(join(import.meta.dirname, name('optio', 'nal.json')));
      const hasSettings = existsSync(name('settin', 'gs.json'));
      let driver = true;
      try { createRequire(import.meta.url)(name('dri', 'ver')); } catch { driver = false; }
      export async function setup() { await readdir(join(import.meta.dirname, name('wor', 'ds'))).catch(() => []); }
      export const answer = () => [hasOptional, hasSettings, driver];
      export const later = () => readFileSync('data.json', 'utf8');`,
  });
  const { notes } = await bench.install({ module: join(project, 'agent.ts') });
  const stays = (what: string, name: string): string =>
    `${what} stays behind, and the module looks for it: --include ${name} takes it along.`;
  t.deepEqual(
    notes.map((note) => note.replace(/working folder, which is .*/, 'working folder')),
    [
      'agent.ts:13: data.json is looked for in the working folder',
      stays('The package driver', 'driver'),
      stays('optional.json', './optional.json'),
      stays('words', './words'),
      'settings.json is looked for in the working folder',
    ],
  );
  const included = {
    module: join(project, 'agent.ts'),
    include: ['driver', '*.json', './words'],
    workingDirectory: project,
  };
  t.deepEqual((await bench.install(included)).notes, []);
});

test('install fails with a hint that names the file without which the module does not load', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const project = join(await tempDir(t), 'project');
  await writeTree(project, {
    'package.json': '{ "type": "module" }',
    'words.txt': 'hello',
    'agent.ts': `
      import { readFileSync } from 'node:fs';
      const name = (...parts: string[]): string => parts.join('');
      const text = readFileSync(new URL(name('wor', 'ds.txt'), import.meta.url), 'utf8');
      export const answer = () => text;`,
  });
  const error = await t.throwsAsync<Error & { hint?: string }>(bench.install({ module: join(project, 'agent.ts') }), {
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
  });
  t.regex(error?.hint ?? '', /words\.txt stays behind.*--include \.\/words\.txt/);
});
