/** Turns a module into self-contained files, which run in any folder without the sources and without npm. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { BundleFile } from './bundle-file.ts';
import { type Graph, isScript, readGraph } from './graph.ts';
import { findIncluded } from './include.ts';
import { type LaidOut, layOut, packageJsonsOf } from './layout.ts';
import { writeLoader } from './loader.ts';
import { compileOneFile, UnknownHelper } from './one-file.ts';
import { findOwnFiles } from './own-files.ts';
import { compileOwnSources, type OwnSources } from './own-sources.ts';
import { collectPackages, type PackageRequest, type Packages } from './packages.ts';
import { judge, type Plain } from './plain.ts';
import { refuseDecoratorMetadata, refusePlugAndPlay } from './refusals.ts';
import { createScope, packageNameOf, type Scope } from './scope.ts';
import { type CodeMaps, codeMap, mapsNameOf } from './source-maps.ts';
import { packagesNamedIn } from './string-names.ts';
import { type WorkingFolderPath, workingFolderPaths } from './working-folder.ts';

export type Bundle = {
  /** The path of the file to load; one of `files`. */
  entry: string;
  /** Sorted by path. The same sources give the same files, wherever they are. */
  files: BundleFile[];
  /** The folders of the sources, the widest first. */
  folders: string[];
  /** The absolute paths of the user's own sources. */
  inputs: string[];
  /** The warnings of the compiler, for the user. */
  warnings: string[];
  /** The project's files that its sources name relative to the working folder. */
  workingFolderPaths: WorkingFolderPath[];
};

/**
 * Bundles a module for an installation. The own sources are compiled, and the packages go along whole, with their
 * dependencies, laid out as Node finds them. All of them become one file, which starts faster, if none of them could tell
 * the difference.
 * @param options.include names of packages, and patterns of files, that code names only when it runs. Default: none
 *   beside those in the package.json of the module.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function bundleModule(
  modulePath: string,
  { include = [] }: { include?: readonly string[] | undefined } = {},
): Promise<Bundle> {
  const module = moduleAt(modulePath);
  const scope = createScope(module);
  refusePlugAndPlay(module);
  const graph = await readGraph([module], scope);
  refuseDecoratorMetadata(graph, scope);
  const inputs = [...graph.files.keys()].filter(scope.isOwn).sort();
  const included = findIncluded(module, include);
  const found = await findOwnFiles([...inputs, ...included.files.filter(isScript)], scope);
  const own = {
    all: [...new Set([...found.all, ...included.files])],
    apart: [...new Set([...found.apart, ...included.files])],
  };
  const plainness = await judge(graph, scope);
  const { warnings } = graph;
  const bundled = plainness.reason === undefined ? await asOneFile(plainness).catch(otherwise) : await asLaidOut();
  return { ...bundled, inputs, warnings, workingFolderPaths: workingFolderPaths(inputs) };

  function otherwise(error: unknown): Promise<LaidOut> {
    if (error instanceof UnknownHelper) return asLaidOut();
    throw error;
  }

  async function asOneFile({ strict, format }: Plain): Promise<LaidOut> {
    const apartName = `${nameOf(module)}.agent.packages.cjs`;
    const how = { module, graph, sources: inputs, apartName, strict, format };
    const { content, map, extension, apart } = await compileOneFile(how);
    const { packages } = await dependenciesOf(own.apart.filter(isScript));
    const entry = join(dirname(module), `${nameOf(module)}.agent${extension}`);
    const needsPackageJson =
      own.apart.some(isScript) || inputs.some((path) => readFileSync(path).includes('package.json'));
    const files = needsPackageJson ? [...own.apart, ...packageJsonsOf([...own.apart, module])] : own.apart;
    const written = new Map<string, Uint8Array | string>([[entry, content]]);
    addMaps(written, entry, { [basename(entry)]: map });
    if (apart !== undefined) written.set(join(dirname(module), apartName), apart);
    return layOut({ module, entry, written, own: files, packages });
  }

  async function asLaidOut(): Promise<LaidOut> {
    const scripts = own.all.filter(isScript);
    const { graph: whole, packages } = await dependenciesOf([module, ...scripts], graph);
    const all = [...new Set([...own.all, ...[...whole.files.keys()].filter(scope.isOwn)])];
    const sources = await compileOwnSources({
      module,
      scripts: all.filter(isScript),
      graph: whole,
      scope,
      hasMaps: false,
    });
    const written = new Map<string, Uint8Array | string>();
    let entry = module;
    if (sources.compiled.size + sources.resolutions.size > 0) {
      entry = join(dirname(module), `${nameOf(module)}.agent.cjs`);
      const name = `${nameOf(module)}.agent.json`;
      const { loader, sources: text } = writeLoader(module, sources, dirname(module), name);
      written.set(entry, loader).set(join(dirname(module), name), text);
      addMaps(written, entry, mapsOf(sources, dirname(module)));
    }
    return layOut({ module, entry, written, own: [...all, ...packageJsonsOf(all)], packages });
  }

  /** The packages of scripts that stay files. */
  async function dependenciesOf(
    scripts: readonly string[],
    known?: Graph,
  ): Promise<{ graph: Graph; packages: Packages }> {
    const isKnown = known !== undefined && scripts.every((path) => known.files.has(path));
    const found = scripts.length === 0 ? NOTHING : isKnown ? known : await readGraph([...new Set(scripts)], scope);
    const requests = [...requestsOf(found, scope), ...packagesNamedIn(scripts), ...included.packages];
    return { graph: found, packages: collectPackages(requests, found, scope) };
  }
}

export type InPlace = {
  /** The text of the file to load, a CommonJS module. */
  loader: string;
  /** The text of the file that it reads, beside it. */
  sources: string;
  inputs: string[];
  warnings: string[];
  workingFolderPaths: WorkingFolderPath[];
};

/**
 * Compiles the own sources of a module for development: they run at their original locations, with the packages that are
 * there, and have source maps.
 * @param name of the file of sources.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function compileInPlace(modulePath: string, name: string): Promise<InPlace> {
  const module = moduleAt(modulePath);
  const scope = createScope(module);
  refusePlugAndPlay(module);
  const graph = await readGraph([module], scope, { isOwnOnly: true });
  refuseDecoratorMetadata(graph, scope);
  const inputs = [...graph.files.keys()].filter(scope.isOwn).sort();
  const sources = await compileOwnSources({ module, scripts: inputs.filter(isScript), graph, scope, hasMaps: true });
  const { warnings } = graph;
  const found = workingFolderPaths(inputs);
  return { ...writeLoader(module, sources, undefined, name), inputs, warnings, workingFolderPaths: found };
}

const NOTHING: Graph = { entries: [], files: new Map(), isComplete: true, prefixes: new Map(), warnings: [] };

function mapsOf({ compiled }: OwnSources, folder: string): CodeMaps {
  return Object.fromEntries(
    [...compiled].flatMap(([path, { map, source }]) =>
      map === undefined ? [] : [[relative(folder, path).split(sep).join('/'), codeMap(map, source, source)]],
    ),
  );
}

function addMaps(written: Map<string, Uint8Array | string>, entry: string, maps: CodeMaps): void {
  if (Object.keys(maps).length > 0)
    written.set(join(dirname(entry), mapsNameOf(basename(entry))), JSON.stringify(maps));
}

/** The packages that own sources import. */
function requestsOf({ files }: Graph, scope: Scope): PackageRequest[] {
  return [...files.values()].flatMap(({ path, edges }) => {
    if (!scope.isOwn(path)) return [];
    return edges.flatMap(({ specifier }) => {
      const name = packageNameOf(specifier);
      return name === undefined ? [] : [{ name, from: dirname(path) }];
    });
  });
}

function nameOf(module: string): string {
  return basename(module, extname(module));
}

/** Resolves links, because packages are found relative to the real location of a file. */
function moduleAt(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  throw new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `the module does not exist: ${absolute}`, {
    hint: 'Give the path of the module that exports the functions.',
  });
}
