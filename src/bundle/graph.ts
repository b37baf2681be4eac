/**
 * What a module imports, and what that imports, as far as the sources say so literally: read by esbuild in one pass over
 * all own sources and packages.
 */
import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { type BuildFailure, type BuildOptions, build, type Message, type Metafile, type Plugin } from 'esbuild';
import { LaunchpoolError } from '../../wire/errors.ts';
import { formatOf } from './module-format.ts';
import { packageNameOf, type Scope } from './scope.ts';
import { findUnusedImports, type Imports, importsBefore } from './unused-imports.ts';

export type Edge = {
  specifier: string;
  /** As esbuild names it: `import-statement`, `dynamic-import`, `require-call`, `require-resolve`, … */
  kind: string;
  /** The absolute path of the file; undefined for Node's own modules, and for what is not there. */
  path: string | undefined;
};

export type GraphFile = { path: string; format: 'cjs' | 'esm' | undefined; edges: Edge[] };

export type Graph = {
  /** Absolute paths. */
  entries: readonly string[];
  /** By the absolute path. */
  files: ReadonlyMap<string, GraphFile>;
  /** Whether the graph has everything that its files import literally. */
  isComplete: boolean;
  /** What to put before own sources, by their paths, for imports that the compiler removes: unused-imports.ts. */
  prefixes: ReadonlyMap<string, string>;
  warnings: string[];
};

/**
 * Node's own rules where esbuild has others: its conditions, the main field alone, and every import runs, whatever
 * `sideEffects` says. https://nodejs.org/api/packages.html#conditional-exports
 */
export const AS_NODE: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  conditions: ['node-addons', 'module-sync'],
  mainFields: ['main'],
  ignoreAnnotations: true,
  legalComments: 'none',
  logLevel: 'silent',
  write: false,
};

/** For a build of one source by itself. */
export const SINGLE = {
  bundle: false,
  platform: 'node',
  target: 'node22',
  legalComments: 'none',
  logLevel: 'silent',
  write: false,
} as const satisfies BuildOptions;

/** How often a build is repeated without the files of packages in which it found errors. */
const MAX_BUILDS = 12;

/**
 * @param entries absolute paths of own sources; the first is the module.
 * @param options.isOwnOnly whether to leave out the files of packages. Default: false.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED when an own source has an error, or imports what is not there.
 */
export async function readGraph(
  entries: readonly string[],
  scope: Scope,
  { isOwnOnly = false }: { isOwnOnly?: boolean } = {},
): Promise<Graph> {
  const [module = ''] = entries;
  const folder = dirname(module);
  const skipped = new Set<string>();
  const unknown = new Set<string>();
  const absent = new Set<string>();
  /** Of own sources. */
  const unused = new Map<string, Imports | undefined>();
  const onlyTypes = new Map<string, Set<string>>();
  for (let builds = 1; ; builds += 1) {
    const prefixes = prefixesOf();
    try {
      const { metafile, warnings } = await build({
        ...AS_NODE,
        entryPoints: [...entries],
        absWorkingDir: folder,
        outdir: folder,
        outExtension: { '.js': '.launchpool-graph.js' },
        format: 'esm',
        metafile: true,
        loader: Object.fromEntries([...NO_SCRIPTS, ...unknown].map((extension) => [extension, 'empty'])),
        plugins: [leaveOut(skipped, absent), putBefore(prefixes), ...(isOwnOnly ? [leaveOutPackages(scope)] : [])],
      });
      const files = filesOf(metafile, folder);
      if (await hasFoundUnused(files.keys())) continue;
      const own = warnings.filter(({ location }) => location === null || scope.isOwn(resolve(folder, location.file)));
      const isComplete = skipped.size === 0 && absent.size === 0;
      return { entries, files, isComplete, prefixes, warnings: own.map(formatMessage) };
    } catch (failure) {
      const { errors = [] } = failure as BuildFailure;
      if (errors.length === 0) throw failure;
      const wrong = errors.filter((error) => !canGoOn(error, folder));
      if (wrong.length > 0 || builds >= MAX_BUILDS) throw compileError(module, wrong.length > 0 ? wrong : errors);
    }
  }

  function prefixesOf(): Map<string, string> {
    const found = [...unused].flatMap(([path, imports]) => {
      const text = imports === undefined ? '' : importsBefore(imports, onlyTypes.get(path) ?? new Set());
      return text === '' ? [] : [[path, text] as const];
    });
    return new Map(found);
  }

  async function hasFoundUnused(paths: Iterable<string>): Promise<boolean> {
    const sources = [...paths].filter((path) => /\.[cm]?tsx?$/.test(path) && scope.isOwn(path) && !unused.has(path));
    for (const path of sources) unused.set(path, await findUnusedImports(path));
    return sources.some((path) => unused.get(path) !== undefined);
  }

  /** Notes what to leave out of the next build; false for an error of an own source. */
  function canGoOn({ text, location }: Message, from: string): boolean {
    const extension = /^No loader is configured for "(\.[^"]+)" files/.exec(text)?.[1];
    if (extension !== undefined) return add(unknown, extension);
    if (location === null) return false;
    const path = resolve(from, location.file);
    const isOwn = scope.isOwn(path);
    const missing = /^Could not resolve "(.+?)"/.exec(text)?.[1];
    if (missing !== undefined && isOwn && unused.get(path)?.removed.includes(missing)) {
      const types = onlyTypes.get(path) ?? new Set();
      onlyTypes.set(path, types);
      return add(types, missing);
    }
    if (missing !== undefined) return !isOwn && add(absent, missing);
    if (isOwn) return false;
    return add(skipped, path);
  }
}

/** What Node loads, and does not compile, or what only a bundler loads. */
const NO_SCRIPTS = ['.node', '.wasm', '.css', '.html', '.svg', '.png', '.txt', '.md', '.vue', '.svelte', '.map'];

function add(set: Set<string>, value: string): boolean {
  if (set.has(value)) return false;
  set.add(value);
  return true;
}

/** @param paths of files that are read as empty. @param specifiers of imports that lead nowhere. */
function leaveOut(paths: ReadonlySet<string>, specifiers: ReadonlySet<string>): Plugin {
  return {
    name: 'leave-out',
    setup({ onLoad, onResolve }) {
      if (paths.size > 0) {
        onLoad({ filter: matching([...paths]), namespace: 'file' }, () => ({ contents: '', loader: 'js' }));
      }
      if (specifiers.size > 0)
        onResolve({ filter: matching([...specifiers]) }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** Puts text before own sources, on their first lines. */
export function putBefore(prefixes: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'put-before',
    setup({ onLoad }) {
      if (prefixes.size === 0) return;
      onLoad({ filter: matching([...prefixes.keys()]), namespace: 'file' }, ({ path }) => ({
        contents: withPrefix(readFileSync(path, 'utf8'), prefixes.get(path)),
        loader: 'default',
      }));
    },
  };
}

/** A first line for the system, `#!`, becomes a comment. */
export function withPrefix(source: string, prefix = ''): string {
  return prefix === '' ? source : `${prefix} ${source.replace(/^#!/, '//')}`;
}

function leaveOutPackages(scope: Scope): Plugin {
  const plugin: Plugin = {
    name: 'leave-out-packages',
    setup({ onResolve, resolve: find }) {
      onResolve({ filter: /^[^./]/ }, async ({ path: specifier, pluginData, ...args }) => {
        if (pluginData === plugin || args.kind === 'entry-point') return undefined;
        const { importer, namespace, resolveDir, kind } = args;
        const { path, errors } = await find(specifier, { importer, namespace, resolveDir, kind, pluginData: plugin });
        return errors.length === 0 && !scope.isOwn(path) ? { path: specifier, external: true } : undefined;
      });
    },
  };
  return plugin;
}

/** Matches these texts and nothing else, in the bundler's syntax for regular expressions too. */
export function matching(texts: readonly string[]): RegExp {
  return new RegExp(`^(?:${texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})$`);
}

function filesOf({ inputs }: Metafile, folder: string): Map<string, GraphFile> {
  const files = new Map<string, GraphFile>();
  for (const [name, { format, imports }] of Object.entries(inputs)) {
    const path = resolve(folder, name);
    const edges = imports.map(({ path: target, kind, original, external }) => {
      // Where a package is disabled for browsers, and similar, esbuild names a file that is not there.
      const to = external || /^\(disabled\):/.test(target) ? undefined : resolve(folder, target);
      return { specifier: original ?? target, kind, path: to };
    });
    files.set(path, { path, format: format ?? (isScript(path) ? formatOf(path) : undefined), edges });
  }
  return files;
}

/** @param module the absolute path of the module; the errors' files are relative to its folder. */
export function compileError(module: string, errors: readonly Message[]): LaunchpoolError {
  const text = errors.map(formatMessage).join('; ');
  const missing = errors.flatMap(({ text: error, location }) => {
    const specifier = /^Could not resolve "([^"]+)"/.exec(error)?.[1];
    if (specifier === undefined) return [];
    return [{ specifier, folder: dirname(resolve(dirname(module), location?.file ?? module)) }];
  });
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${module} cannot be compiled: ${text}`, {
    hint: hintFor(missing.map(({ specifier }) => specifier)),
    data: { files: filesWith(module, errors), missing },
  });
}

function hintFor(missing: readonly string[]): string {
  const packages = new Set(missing.map(packageNameOf).filter((name) => name !== undefined));
  if (packages.size > 0) return `Install what is missing: npm install ${[...packages].join(' ')}`;
  return missing.length > 0 ? 'Correct the path of the import, or write the file.' : 'Correct the sources.';
}

function filesWith(module: string, errors: readonly Message[]): string[] {
  const files = errors.flatMap(({ location }) => (location === null ? [] : [resolve(dirname(module), location.file)]));
  return [...new Set(files)];
}

export function formatMessage({ text, location }: Message): string {
  return location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}

export function isScript(path: string): boolean {
  return /^\.[cm]?[jt]sx?$/.test(extname(path));
}
