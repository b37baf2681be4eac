/** How the built program finds koffi's native code, where packages are installed in different ways. */
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { connectRaw } from '../../src/client/index.ts';
import { activate } from '../helpers/activator.ts';
import { fixture } from '../helpers/agent.ts';
import { builtProgram } from '../helpers/built-program.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const PACKAGES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const PLATFORM = `@koromix/koffi-${process.platform}-${process.arch}`;
const IN_JAVASCRIPT = /\/node_modules\/koffi\/.*\.[cm]?js$/;
const program = builtProgram();

/** Installs the program with these packages in a new folder. */
async function installed(t: ExecutionContext, add: (packages: string) => void): Promise<string> {
  const folder = realpathSync(await tempDir(t));
  const packages = join(folder, 'node_modules');
  const own = join(packages, 'launchpool', 'dist');
  cpSync(dirname(program), own, { recursive: true });
  add(packages);
  return join(own, 'launchpool.cjs');
}

/** Gets a reply from an agent, whose connection the native code has checked. Returns koffi's files that it has loaded. */
async function loadedBy(t: ExecutionContext, installedProgram: string): Promise<string[]> {
  const folder = await tempDir(t);
  const [report, probe] = [join(folder, 'loaded.json'), join(folder, 'probe.cjs')];
  writeFileSync(
    probe,
    `if (require('node:worker_threads').isMainThread) process.on('exit', () =>
      require('node:fs').writeFileSync(${JSON.stringify(report)}, JSON.stringify(Object.keys(require.cache))));`,
  );
  const agent = [process.execPath, `--require=${probe}`, installedProgram, 'run', fixture('agents/echo.ts')] as const;
  const held = await activate(t, ['env', `XDG_CACHE_HOME=${folder}`, ...agent, '--log-level', 'warn', '--idle', '0.5']);
  const client = await connectRaw(held.socketPath);
  t.is(String(await client.request('hello')), 'hello');
  client.close();
  await held.reached('left', 1);
  const files = JSON.parse(readFileSync(report, 'utf8')) as string[];
  return files.filter((file) => file.includes('koffi'));
}

function link(packages: string, name: string): void {
  mkdirSync(dirname(join(packages, name)), { recursive: true });
  symlinkSync(join(PACKAGES, name), join(packages, name));
}

test('where all packages are in one folder, only the native code is loaded', async (t) => {
  const files = await loadedBy(
    t,
    await installed(t, (packages) => {
      link(packages, 'koffi');
      link(packages, PLATFORM);
    }),
  );
  // On musl, the package chooses the file.
  const usesPackage = process.platform === 'linux' && existsSync(muslLoader());
  t.is(
    files.some((file) => IN_JAVASCRIPT.test(file)),
    usesPackage,
    files.join('\n'),
  );
  t.true(files.some((file) => file.endsWith('koffi.node')));
});

test('where only koffi finds its native package, koffi loads it', async (t) => {
  const files = await loadedBy(t, await installed(t, (packages) => link(packages, 'koffi')));
  t.true(files.some((file) => IN_JAVASCRIPT.test(file)));
});

for (const [what, content] of [
  ['cannot be loaded', 'no native code'],
  ['is missing', undefined],
] as const) {
  test(`where the native code ${what}, koffi finds its own`, async (t) => {
    const files = await loadedBy(
      t,
      await installed(t, (packages) => {
        link(packages, 'koffi');
        const folder = join(packages, PLATFORM, `${process.platform}_${process.arch}`);
        mkdirSync(folder, { recursive: true });
        if (content !== undefined) writeFileSync(join(folder, 'koffi.node'), content);
      }),
    );
    t.true(files.some((file) => IN_JAVASCRIPT.test(file)));
  });
}

test('native code of another version is not used', async (t) => {
  const files = await loadedBy(
    t,
    await installed(t, (packages) => {
      link(packages, 'koffi');
      const folder = join(packages, PLATFORM, `${process.platform}_${process.arch}`);
      mkdirSync(join(folder, 'koffi.node'), { recursive: true });
      // Node loads a folder of that name as a package.
      writeFileSync(join(folder, 'koffi.node', 'index.js'), `exports.version = '0.0.1';`);
    }),
  );
  t.true(files.some((file) => IN_JAVASCRIPT.test(file)));
});

function muslLoader(): string {
  return `/lib/ld-musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`;
}
