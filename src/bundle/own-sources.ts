/**
 * Own sources as the agent loads them, each by itself: TypeScript compiled, and the imports that Node does not find by its
 * own rules, such as those by the paths of a tsconfig.json.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, resolve, sep } from 'node:path';
import { type BuildFailure, build } from 'esbuild';
import { compileError, type Edge, type Graph, type GraphFile, putBefore, SINGLE } from './graph.ts';
import { findPackage, nearestPackageFolder, packageNameOf, readPackageJson, realPath, type Scope } from './scope.ts';

export type OwnSource = {
  format: 'module' | 'commonjs';
  source: string;
  /** The source map, if it is not in the source. */
  map?: string;
};

export type OwnSources = {
  /** Those that Node cannot load as they are, by their absolute paths. */
  compiled: Map<string, OwnSource>;
  /** Where imports lead, by the absolute path of the importing file and by the specifier. */
  resolutions: Map<string, Map<string, Resolved>>;
};

export type Resolved = { path: string; isJson: boolean };

export type CompileOptions = {
  module: string;
  /** The absolute paths of own scripts. */
  scripts: readonly string[];
  graph: Graph;
  scope: Scope;
  /** Whether each source has its source map in it. */
  hasMaps: boolean;
};

/** @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED */
export async function compileOwnSources({
  module,
  scripts,
  graph,
  scope,
  hasMaps,
}: CompileOptions): Promise<OwnSources> {
  const compiled = new Map<string, OwnSource>();
  const resolutions = new Map<string, Map<string, Resolved>>();
  await Promise.all(
    scripts.map(async (path) => {
      const file = graph.files.get(path);
      const found = resolutionsOf(path, file?.edges ?? [], scope);
      if (found.size > 0) resolutions.set(path, found);
      if (isCompiled(path))
        compiled.set(path, await compileSource(path, formatOf(path, file), { module, graph, hasMaps }));
    }),
  );
  return { compiled, resolutions };
}

/** Whether Node compiles the file at its start, or cannot load it. */
function isCompiled(path: string): boolean {
  return !/^\.[cm]?js$/.test(extname(path));
}

async function compileSource(
  path: string,
  format: OwnSource['format'],
  { module, graph, hasMaps }: Pick<CompileOptions, 'module' | 'graph' | 'hasMaps'>,
): Promise<OwnSource> {
  try {
    const { outputFiles } = await build({
      ...SINGLE,
      entryPoints: [path],
      absWorkingDir: dirname(module),
      format: format === 'module' ? 'esm' : 'cjs',
      // A class with decorators is compiled to one of another name.
      keepNames: /^\s*@\w/m.test(readFileSync(path, 'utf8')),
      sourcemap: hasMaps ? 'inline' : 'external',
      sourcesContent: hasMaps,
      outdir: dirname(path),
      plugins: [putBefore(graph.prefixes)],
    });
    const source = outputFiles.find(({ path }) => !path.endsWith('.map'))?.text ?? '';
    const map = outputFiles.find(({ path }) => path.endsWith('.map'))?.text;
    return map === undefined ? { format, source } : { format, source, map };
  } catch (failure) {
    const { errors = [] } = failure as BuildFailure;
    throw errors.length === 0 ? failure : compileError(module, errors);
  }
}

/** As Node decides, except that import and export make an ES module of a file with any `type`. */
function formatOf(path: string, file: GraphFile | undefined): OwnSource['format'] {
  const extension = extname(path);
  if (extension.startsWith('.m')) return 'module';
  if (extension.startsWith('.c')) return 'commonjs';
  if (file?.format !== undefined) return file.format === 'esm' ? 'module' : 'commonjs';
  const folder = nearestPackageFolder(path);
  return folder !== undefined && readPackageJson(folder).type === 'module' ? 'module' : 'commonjs';
}

function resolutionsOf(path: string, edges: readonly Edge[], scope: Scope): Map<string, Resolved> {
  const found = new Map<string, Resolved>();
  for (const edge of edges) {
    const { specifier, kind, path: to } = edge;
    if (to === undefined) continue;
    const isJson = kind !== 'require-call' && to.endsWith('.json') && !hasJsonAttribute(path);
    if (isJson || !isFoundByNode(path, edge, to, scope)) found.set(specifier, { path: to, isJson });
  }
  return found;
}

function hasJsonAttribute(path: string): boolean {
  return /\bwith\s*:?\s*\{\s*(['"]?)type\1\s*:\s*['"]json['"]/.test(readFileSync(path, 'utf8'));
}

function isFoundByNode(importer: string, { specifier, kind }: Edge, to: string, scope: Scope): boolean {
  if (/^(?:\.{0,2}\/|\.{1,2}$|file:)/.test(specifier)) {
    if (kind.startsWith('require')) return isRequired(importer, specifier, to);
    return realPath(resolve(dirname(importer), pathOf(specifier))) === to;
  }
  const home = nearestPackageFolder(importer);
  if (specifier.startsWith('#')) return home !== undefined && 'imports' in readPackageJson(home);
  const name = packageNameOf(specifier) ?? specifier;
  const folder = findPackage(name, dirname(importer));
  if (!scope.isOwn(to)) return folder !== undefined && to.startsWith(realPath(folder) + sep);
  if (folder !== undefined && to.startsWith(realPath(folder) + sep)) return true;
  if (home === undefined) return false;
  const { name: ownName, ...rest } = readPackageJson(home);
  return ownName === name && 'exports' in rest;
}

function isRequired(importer: string, specifier: string, to: string): boolean {
  try {
    return createRequire(importer).resolve(specifier) === to;
  } catch {
    return false;
  }
}

/** The path in a relative URL, which an import has. */
function pathOf(specifier: string): string {
  const path = specifier.replace(/[?#].*$/s, '').replace(/^file:\/\//, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
