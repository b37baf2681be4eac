/** An installed agent needs only its own folder: no sources, no packages of the sources, no checkout. */
import { cpSync, readdirSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { close, connect } from '../../../src/client/index.ts';
import { restart } from '../../../src/install/restart.ts';
import { createInstallBench, LABEL } from '../../helpers/install-bench.ts';
import { lastingNode } from '../../helpers/lasting-node.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

type Agent = { answer(): unknown; environment(): Record<string, string>; pid(): number };

const COMMON = `
  export const environment = () => ({ ...process.env });
  export const pid = (): number => process.pid;`;

const MODULES: Readonly<Record<string, { texts: Readonly<Record<string, string>>; answer: unknown }>> = {
  'a package with native parts for each platform': {
    texts: {
      'agent.ts': `
        import koffi from 'koffi';
        const abs = koffi.load(null).func('int abs(int n)');
        export const answer = (): number => abs(-42);`,
    },
    answer: 42,
  },
  'a file beside its module': {
    texts: {
      'agent.ts': `
        import { readFileSync } from 'node:fs';
        const text = readFileSync(new URL('./words/greeting.txt', import.meta.url), 'utf8');
        export const answer = (): string => text;`,
      'words/greeting.txt': 'hello from beside',
    },
    answer: 'hello from beside',
  },
  'its own thread': {
    texts: {
      'package.json': '{ "type": "module" }',
      'agent.ts': `
        import { once } from 'node:events';
        import { Worker } from 'node:worker_threads';
        export const answer = async () => (await once(new Worker(new URL('./thread.ts', import.meta.url)), 'message'))[0];`,
      'thread.ts': `
        import { parentPort } from 'node:worker_threads';
        import { word } from './word.ts';
        const text: string = word;
        parentPort!.postMessage(text);`,
      'word.ts': `export const word: string = 'from a thread';`,
    },
    answer: 'from a thread',
  },
};

for (const kind of ['launchd', 'embedded'] as const) {
  for (const [what, { texts, answer }] of Object.entries(MODULES)) {
    test.serial(`${kind}: an agent with ${what} answers without its sources`, async (t) => {
      const bench = await createInstallBench(t, kind);
      if (bench === undefined) return;
      const sources = join(await tempDir(t), 'sources');
      await writeTree(sources, { ...texts, 'agent.ts': `${texts['agent.ts']}${COMMON}` });
      copyKoffi(join(sources, 'node_modules'));
      const { socket, notes } = await bench.install({ module: join(sources, 'agent.ts') });
      t.deepEqual(notes, []);
      renameSync(sources, `${sources}-gone`);
      // The new process has none of the sources in memory.
      await restart(bench.options);
      const agent = await connect<Agent>(socket);
      t.deepEqual(await agent.answer(), answer);
      t.deepEqual(unexpected(await agent.environment()), []);
      await close(agent);
      expectNoReferences(t, bench.home, sources);
    });
  }
}

/** Copies the package and the native package for this platform. */
function copyKoffi(into: string): void {
  const { resolve } = createRequire(import.meta.url);
  const koffi = realpathSync(dirname(resolve('koffi')));
  const native = join(dirname(koffi), '@koromix', `koffi-${process.platform}-${process.arch}`);
  cpSync(koffi, join(into, 'koffi'), { recursive: true });
  cpSync(native, join(into, '@koromix', `koffi-${process.platform}-${process.arch}`), { recursive: true });
}

/** Variables that neither a supervisor nor the options set, and entries of PATH with npm’s programs. */
function unexpected({ PATH = '', ...env }: Record<string, string>): string[] {
  const known =
    /^(HOME|TMPDIR|SHELL|USER|LOGNAME|PWD|SHLVL|_|OLDPWD|XPC_SERVICE_NAME|TEST_LAUNCHD_\w+|LISTEN_\w+|LAUNCHPOOL_\w+)$/;
  return [
    ...Object.keys(env).filter((name) => !known.test(name)),
    ...PATH.split(':').filter((path) => /node_modules|npm/.test(path)),
  ];
}

/** Excludes the path of the Node, and the record, which has the path of the module's source. */
function expectNoReferences(t: ExecutionContext, home: string, sources: string): void {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  t.true(files.some(({ name }) => name === 'launchpool.cjs'));
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    if (name === 'launchpool.json' || /\/(cache|logs)\//.test(path)) continue;
    const text = readFileSync(path, 'latin1').replaceAll(lastingNode(), '');
    t.false(text.includes(`${ROOT}/`), `${path} refers to the checkout, for ${LABEL}`);
    t.false(text.includes(sources), `${path} refers to the sources`);
  }
}
