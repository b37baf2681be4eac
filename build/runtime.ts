/**
 * Bundles the files of `launchpool run`, because finding a file takes longer than reading it:
 *
 *     launchpool.cjs            the program: starts a thread, and loads agent.js with its compiled code
 *     runtime/agent.js          the main thread
 *     runtime/call.js           `launchpool call`, which is loaded with its compiled code too
 *     runtime/list.js           `launchpool list`, in the same way
 *     runtime/status.js         `launchpool status`, in the same way
 *     runtime/complete.js       `launchpool complete`, which answers the TAB key, in the same way
 *     runtime/mcp.js            `launchpool mcp`, in the same way: a client of MCP waits for its list of tools
 *     runtime/worker.js         the file with which Piscina starts its threads: loads thread.js with its compiled code
 *     runtime/thread.js         a worker thread
 *     runtime/pino.js           loaded after the first reply
 *     runtime/messagepack.js    loaded with the first message in MessagePack
 *     wire/messagepack/codec.js the same as an ES module, for clients
 *     runtime/discovery.js      loaded with the first `rpc.discover`, unknown method or wrong argument
 *     runtime/prom-client.js    loaded with the first request for metrics
 *     runtime/nats.js           loaded by an agent that serves on NATS
 *     runtime/check.js          a program of its own: loads a module to check it
 *
 * The format is CommonJS: it starts faster, and Piscina is CommonJS and expects worker.js beside itself. `npm run build`
 * runs this file. The arguments are the output folder (default: dist/runtime) and a compiled tree of sources (default:
 * the sources of the checkout). The program is written beside the output folder.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? join(ROOT, 'dist', 'runtime'));
const sources = resolve(process.argv[3] ?? ROOT);
const extension = sources === ROOT ? 'ts' : 'js';
/** The verbs with a bundle of their own: src/cli/quick/. */
const QUICK_VERBS = ['call', 'list', 'status', 'complete', 'mcp'];
const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
const { version: koffiVersion } = JSON.parse(
  await readFile(join(ROOT, 'node_modules', 'koffi', 'package.json'), 'utf8'),
);
const source = (...path: string[]): string => `${join(sources, ...path)}.${extension}`;

/** Resolves the files that are separate in the sources and stand in one folder in the bundle. */
const oneFolder: Plugin = {
  name: 'one-folder',
  setup({ onResolve }) {
    onResolve({ filter: /^piscina\/dist\/worker\.js$/ }, ({ path }) => ({ path: join(ROOT, 'node_modules', path) }));
    // TypeScript does not rewrite the paths in calls of require().
    onResolve({ filter: /\/workers\/entry\.ts$/ }, () => ({ path: source('workers', 'entry') }));
    onResolve({ filter: /\/worker-entry\.[tj]s$/ }, () => ({ path: source('boot', 'worker-entry') }));
    onResolve({ filter: /\/boot\/start\.ts$/ }, () => ({ path: source('boot', 'start') }));
    onResolve({ filter: /\/boot\/quick\.ts$/ }, () => ({ path: source('boot', 'quick') }));
    onResolve({ filter: /\/code-cache\.ts$/ }, () => ({ path: source('boot', 'code-cache') }));
    onResolve({ filter: /\/src\/cli\/entry\.[tj]s$/ }, () => ({ path: './src/cli/entry.js', external: true }));
  },
};

/** Functions of modules that a quick verb may not need. In its bundle, the first call of one loads its module. */
const LATE_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['spawn', 'spawnSync'],
  'node:module': ['createRequire'],
  'node:net': ['connect'],
  'node:os': ['availableParallelism', 'homedir'],
  'node:stream/consumers': ['buffer'],
  'node:timers/promises': ['setTimeout'],
};

const lateFunctions: Plugin = {
  name: 'late-functions',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => (path in LATE_FUNCTIONS ? { path, namespace: 'late' } : undefined));
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: (LATE_FUNCTIONS[path] ?? [])
        .map((name) => {
          const real = `process.getBuiltinModule(${JSON.stringify(path)}).${name}`;
          return `export const ${name} = (...args) => ${real}(...args);`;
        })
        .join('\n'),
    }));
  },
};

/** The files that find what they load by its name at run time. */
const importFromOutside: Plugin = {
  name: 'import-from-outside',
  setup({ onResolve }) {
    onResolve({ filter: /\/messagepack\/codec\.[tj]s$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './messagepack.js', external: true },
    );
    onResolve({ filter: /\/discovery\.[tj]s$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './discovery.js', external: true },
    );
    onResolve({ filter: /\/nats-serving\.[tj]s$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './nats.js', external: true },
    );
    onResolve({ filter: /\/load-discovery\.[tj]s$/ }, () => ({ path: source('boot', 'load-discovery') }));
    onResolve({ filter: /\/import-module\.[tj]s$/ }, () => ({ path: source('boot', 'import-module') }));
    onResolve({ filter: /\/load-codec\.[tj]s$/ }, () => ({ path: source('boot', 'load-codec') }));
    onResolve({ filter: /\/load-package\.[tj]s$/ }, () => ({ path: source('boot', 'load-package') }));
    // The whole command line answers what concerns NATS.
    for (const file of [
      'client/nats/open-nats-session',
      'client/nats/open-tasks',
      'cli/verbs/call-later',
      'mcp/service-reader',
    ]) {
      onResolve({ filter: new RegExp(`/${basename(file)}\\.[tj]s$`) }, () => ({
        path: `../src/${file}.js`,
        external: true,
      }));
    }
  },
};

/** The native code of koffi, without the package's search for it; boot/koffi.ts itself may need the package. */
const nativeKoffi: Plugin = {
  name: 'native-koffi',
  setup({ onResolve }) {
    onResolve({ filter: /^koffi$/ }, ({ importer }) =>
      /[\\/]boot[\\/]koffi\.[tj]s$/.test(importer)
        ? { path: 'koffi', external: true }
        : { path: source('boot', 'koffi') },
    );
  },
};

/** Keeps packages that are rarely needed, and only after the start, in files of their own. */
const latePackages: Plugin = {
  name: 'late-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^(pino|prom-client)$/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: `./${path}.js`, external: true },
    );
  },
};

/** Piscina loads these modules for options that the pool does not use. In the bundle, their first use loads them. */
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
  // Each start reads and hashes the source, even if its compiled code is in the cache.
  minifyWhitespace: true,
  minifySyntax: true,
  // Native, only for development, or never loaded.
  external: ['pino-pretty', '@napi-rs/nice'],
  plugins: [oneFolder, nativeKoffi, latePackages, lazyForPiscina],
  define: { KOFFI_VERSION: JSON.stringify(koffiVersion) },
  logLevel: 'warning',
};

/** Options of the scripts that are loaded with their compiled code. */
const SCRIPTS = {
  ...OPTIONS,
  // The scripts have no import(): its targets are CommonJS, or go through import-module.ts.
  supported: { 'dynamic-import': false },
  define: {
    ...OPTIONS.define,
    'import.meta.url': 'moduleUrl',
    LAUNCHPOOL_VERSION: JSON.stringify(version),
  },
} satisfies BuildOptions;

/** Not in the bundles of the quick verbs, which would wait for node:url. */
const WITH_URL = { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" };

await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
await build({
  ...SCRIPTS,
  plugins: [oneFolder, importFromOutside, nativeKoffi, latePackages, lazyForPiscina],
  banner: WITH_URL,
  entryPoints: {
    agent: source('src', 'cli', 'agent-entry'),
    thread: source('boot', 'thread'),
    pino: 'pino',
    'prom-client': 'prom-client',
  },
});
await build({
  ...SCRIPTS,
  plugins: [importFromOutside, nativeKoffi, lateFunctions],
  entryPoints: Object.fromEntries(QUICK_VERBS.map((verb) => [verb, source('src', 'cli', 'quick', verb)])),
});
await build({ ...OPTIONS, entryPoints: { discovery: source('description', 'discovery') } });
const withUrl = { ...OPTIONS, define: { ...SCRIPTS.define }, banner: WITH_URL };
await build({ ...withUrl, entryPoints: { check: source('boot', 'check') } });
await build({ ...withUrl, entryPoints: { nats: source('src', 'cli', 'nats-serving') } });
const codec = {
  ...OPTIONS,
  plugins: [importFromOutside],
  // The file has a copy of the package.
  banner: { js: `/*\n${await readFile(join(ROOT, 'node_modules', 'msgpackr', 'LICENSE'), 'utf8')}*/` },
} satisfies BuildOptions;
await build({ ...codec, entryPoints: { messagepack: source('wire', 'messagepack', 'codec') } });
// For clients, which load it as an ES module.
await build({
  ...codec,
  format: 'esm',
  entryPoints: { codec: source('wire', 'messagepack', 'codec') },
  outdir: join(dirname(folder), 'wire', 'messagepack'),
  allowOverwrite: true,
});
const names = ['agent', 'thread', ...QUICK_VERBS];
const loaded = await Promise.all(names.map((name) => readFile(join(folder, `${name}.js`))));
const buildId = createHash('sha256').update(Buffer.concat(loaded)).digest('hex').slice(0, 16);
const define = {
  ...OPTIONS.define,
  BUILD_ID: JSON.stringify(buildId),
  LAUNCHPOOL_VERSION: JSON.stringify(version),
};
await build({ ...OPTIONS, entryPoints: { worker: source('boot', 'worker') }, define });
await build({
  ...OPTIONS,
  // An old Node must be able to parse the part that reports that it is too old.
  target: 'es2015',
  supported: { 'dynamic-import': true },
  entryPoints: { launchpool: join(ROOT, 'bin', 'launchpool.cjs') },
  outdir: dirname(folder),
  outExtension: { '.js': '.cjs' },
  define,
});
await chmod(join(dirname(folder), 'launchpool.cjs'), 0o755);
