/** Holds README and the pages in docs/ to the files, the codes and the headings that they name. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import test from 'ava';
import { anchorsOf, deadLinks, linksOf } from '../../build/package-links.ts';
import { filesOf, pages, withSnippets } from '../../build/snippets.ts';
import { ERROR_CODES } from '../../wire/errors.ts';
import { runProgram } from '../helpers/program.ts';

const root = resolve(import.meta.dirname, '..', '..');

test('the code on the pages is that of the files that tests run', (t) => {
  const all = pages();
  t.true(all.flatMap(({ text }) => filesOf(text)).length > 15);
  const different = all.filter(({ text }) => withSnippets(text) !== text).map(({ name }) => name);
  t.deepEqual(different, [], 'npm run docs:snippets writes them');
});

test('the error codes on the pages exist', (t) => {
  const known = new Set(Object.keys(ERROR_CODES));
  const unknown = pages().flatMap(({ name, text }) =>
    [...text.matchAll(/\bERR_LAUNCHPOOL_[A-Z_]+\b/g)]
      .filter(([code]) => !known.has(code))
      .map(([code]) => [name, code]),
  );
  t.deepEqual(unknown, []);
});

test('no page names an address of the project that does not exist', (t) => {
  const invented = pages().flatMap(({ name, text }) =>
    linksOf(text)
      .filter((link) => /^https?:/.test(link) && /launchpool/i.test(link))
      .map((link) => `${name}: ${link}`),
  );
  t.deepEqual(invented, []);
});

test('each link of the packed documents leads to a file in the package, and to a heading in it', async (t) => {
  const { stdout, stderr } = await runProgram(
    ['npm', 'pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel', 'error'],
    { cwd: root },
  );
  t.is(stderr, '');
  const files = packedFiles(stdout.toString());
  const documents = files.filter((file) => file.endsWith('.md'));
  for (const name of ['README.md', 'docs/start.md', 'CHANGELOG.md', 'bench/README.md'])
    t.true(documents.includes(name), name);
  t.deepEqual(deadLinks(documents, files, root), []);
});

test('the package has no file that its users do not need', async (t) => {
  const { stdout } = await runProgram(['npm', 'pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root });
  const unexpected = packedFiles(stdout.toString()).filter(
    (file) =>
      /(^|\/)(node_modules|test|package-lock\.json|\.[^/]+)(\/|$)/.test(file) || !existsSync(resolve(root, file)),
  );
  t.deepEqual(unexpected, []);
});

test('each example has a README, and is under 60 lines', (t) => {
  for (const name of ['formatter', 'thumbnails', 'lookup', 'diagnostics', 'tools']) {
    const module = readFileSync(resolve(root, 'examples', name, `${name}.ts`), 'utf8');
    t.true(module.trimEnd().split('\n').length < 60, name);
    t.true(readFileSync(resolve(root, 'examples', name, 'README.md'), 'utf8').startsWith('# '), name);
  }
});

test('links are found, and those in code are not', (t) => {
  const text = '[a](b.md#c) ![d](e.svg) `[f](g)` <img src="h.png">\n```\n[i](j)\n```\n';
  t.deepEqual(linksOf(text), ['b.md#c', 'e.svg', 'h.png']);
});

test('headings have the anchors of GitHub', (t) => {
  const text =
    '# Under launchd\n## What `doctor` finds, and why?\n## [Stop](a.md), start\n```\n# no heading\n```\n<a id="own"></a>\n';
  t.deepEqual(anchorsOf(text), new Set(['own', 'under-launchd', 'what-doctor-finds-and-why', 'stop-start']));
});

test('every page of docs/ is reached from README or from another page', (t) => {
  const linked = new Set(pages().flatMap(({ text }) => linksOf(text).map((link) => link.replace(/^.*\/|#.*$/g, ''))));
  const alone = globSync('*.md', { cwd: resolve(root, 'docs') }).filter((name) => !linked.has(name));
  t.deepEqual(alone, []);
});

/** npm prints an array of packages up to version 11, and may print an object by their names later. */
function packedFiles(json: string): string[] {
  const [packed] = Object.values(JSON.parse(json)) as { files: { path: string }[] }[];
  return packed?.files.map(({ path }) => path) ?? [];
}
