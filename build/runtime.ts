/**
 * Bundles what `launchpool run` consists of, since a file takes longer to be found than to be read:
 *
 *     launchpool.cjs            the program: starts a thread, and loads the next one, with its compiled code
 *     runtime/agent.js          the main thread
 *     runtime/worker.js         what Piscina starts its threads with: loads the next one, with its compiled code
 *     runtime/thread.js         a worker thread
 *     runtime/pino.js           loaded when nobody waits any more
 *     runtime/prom-client.js    loaded when somebody asks for metrics
 *     runtime/check.js          a program of its own: loads a module for a look at it
 *
 * CommonJS, which starts faster, and which Piscina is written in: it looks for worker.js beside itself. Run by
 * `npm run build`; the arguments are the folder, if it is not dist/runtime, and a compiled tree to take it from. The
 * program comes beside the folder.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? join(ROOT, 'dist', 'runtime'));
const sources = resolve(process.argv[3] ?? ROOT);
const extension = sources === ROOT ? 'ts' : 'js';
const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
const source = (...path: string[]): string => `${join(sources, ...path)}.${extension}`;

const besideEachOther: Plugin = {
  name: 'beside-each-other',
  setup({ onResolve }) {
    onResolve({ filter: /^piscina\/dist\/worker\.js$/ }, ({ path }) => ({ path: join(ROOT, 'node_modules', path) }));
    // A path in a call of require() stays as it is when TypeScript is compiled.
    onResolve({ filter: /\/workers\/entry\.ts$/ }, () => ({ path: source('workers', 'entry') }));
    onResolve({ filter: /\/workers\/inspect\.ts$/ }, () => ({ path: source('workers', 'inspect') }));
    onResolve({ filter: /\/worker-entry\.[tj]s$/ }, () => ({ path: source('boot', 'worker-entry') }));
    onResolve({ filter: /\/boot\/start\.ts$/ }, () => ({ path: source('boot', 'start') }));
    onResolve({ filter: /\/code-cache\.ts$/ }, () => ({ path: source('boot', 'code-cache') }));
    onResolve({ filter: /\/src\/cli\/entry\.ts$/ }, () => ({ path: './src/cli/entry.js', external: true }));
  },
};

const importFromOutside: Plugin = {
  name: 'import-from-outside',
  setup({ onResolve }) {
    onResolve({ filter: /\/import-module\.[tj]s$/ }, () => ({ path: source('boot', 'import-module') }));
  },
};

/** What is seldom needed, and then later than all else. */
const lateByThemselves: Plugin = {
  name: 'late-by-themselves',
  setup({ onResolve }) {
    onResolve({ filter: /^(pino|prom-client)$/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: `./${path}.js`, external: true },
    );
  },
};

/** Piscina loads these for options that are not used here; the first use of one loads it. */
const RARELY_USED = /^node:(assert|perf_hooks|timers\/promises)$/;

const lazyForPiscina: Plugin = {
  name: 'lazy-for-piscina',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: RARELY_USED }, ({ path, importer, namespace }) =>
      namespace === 'file' && importer.includes('/piscina/') ? { path, namespace: 'lazy' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: `
        const real = () => process.getBuiltinModule(${JSON.stringify(path)});
        module.exports = new Proxy(function () {}, {
          get: (_, key) => (key === '__esModule' ? undefined : key === 'performance' ? performance : real()[key]),
          apply: (_, self, args) => real()(...args),
        });`,
    }));
  },
};

const OPTIONS: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  outdir: folder,
  legalComments: 'none',
  // The source is read and hashed at each start, also where its compiled code is in the cache.
  minifyWhitespace: true,
  minifySyntax: true,
  // Native, or for development only, or never loaded.
  external: ['koffi', 'pino-pretty', '@napi-rs/nice'],
  plugins: [besideEachOther, lateByThemselves, lazyForPiscina],
  logLevel: 'warning',
};

await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
await build({
  ...OPTIONS,
  // They have no import(): what it is called for is CommonJS, or goes by way of import-module.ts.
  supported: { 'dynamic-import': false },
  plugins: [besideEachOther, importFromOutside, lateByThemselves, lazyForPiscina],
  define: { 'import.meta.url': 'moduleUrl', LAUNCHPOOL_VERSION: JSON.stringify(version) },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  entryPoints: {
    agent: source('src', 'cli', 'agent-entry'),
    thread: source('boot', 'thread'),
    pino: 'pino',
    'prom-client': 'prom-client',
  },
});
await build({ ...OPTIONS, entryPoints: { check: source('boot', 'check') } });
const loaded = await Promise.all(['agent.js', 'thread.js'].map((name) => readFile(join(folder, name))));
const buildId = createHash('sha256').update(Buffer.concat(loaded)).digest('hex').slice(0, 16);
const define = { BUILD_ID: JSON.stringify(buildId) };
await build({ ...OPTIONS, entryPoints: { worker: source('boot', 'worker') }, define });
await build({
  ...OPTIONS,
  // An old Node must understand as much of it as says that it is too old.
  target: 'es2015',
  supported: { 'dynamic-import': true },
  entryPoints: { launchpool: join(ROOT, 'bin', 'launchpool.cjs') },
  outdir: dirname(folder),
  outExtension: { '.js': '.cjs' },
  define,
});
await chmod(join(dirname(folder), 'launchpool.cjs'), 0o755);
