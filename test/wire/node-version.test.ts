/** What a program gets from the package, as it ships, on a Node that is too old. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { builtPackage } from '../helpers/built-package.ts';
import { type Finished, runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const built = builtPackage();
const ENTRIES = ['launchpool', 'launchpool/client', 'launchpool/handler', 'launchpool/testing'] as const;

/** Imports an entry in a project that has the package. */
async function importOn(t: ExecutionContext, entry: string, node: readonly [string, ...string[]]): Promise<Finished> {
  const project = join(await tempDir(t), 'project');
  mkdirSync(project);
  built.linkInto(project);
  return runProgram([...node, '--input-type=module', '--eval', `import '${entry}'; console.log('loaded');`], {
    cwd: project,
  });
}

const pretending = (version: string): string =>
  `data:text/javascript,${encodeURIComponent(
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`,
  )}`;

for (const entry of ENTRIES) {
  for (const version of ['18.20.8', '22.19.0']) {
    test(`on Node ${version}, an import of ${entry} says what it needs`, async (t) => {
      const node = [process.execPath, '--import', pretending(version)] as const;
      const { status, stdout, stderr } = await importOn(t, entry, node);
      t.is(status, 1);
      t.is(stdout.toString(), '');
      t.regex(stderr, new RegExp(`^Error: Node ${version} is too old for launchpool; use Node 22.20 or later.$`, 'm'));
    });
  }

  test(`on Node 22.20.0, ${entry} is loaded`, async (t) => {
    const { stdout, stderr } = await importOn(t, entry, [process.execPath, '--import', pretending('22.20.0')]);
    t.is(stdout.toString(), 'loaded\n', stderr);
  });

  // Names that an old Node does not export would fail before any code runs. Many machines have no old Node.
  test(`on a real old Node, an import of ${entry} says what it needs`, async (t) => {
    const old = oldNode();
    if (old === undefined) return t.pass();
    const { status, stderr } = await importOn(t, entry, [old]);
    t.is(status, 1);
    t.regex(stderr, /^Error: Node 20\.[\d.]+ is too old for launchpool; use Node 22\.20 or later\.$/m);
  });
}

/** A Node 20 among the programs of the machine. */
function oldNode(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return folders
    .map((folder) => join(folder, 'node'))
    .find((path) => spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v20.'));
}
