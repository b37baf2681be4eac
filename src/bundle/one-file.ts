/**
 * Compiles a module with its own sources and its packages into one file; or into two, if some CommonJS files are not in
 * strict mode and ES modules are. Only for files that are plain: plain.ts.
 */
import { dirname } from 'node:path';
import { type BuildFailure, type BuildOptions, build, type Plugin } from 'esbuild';
import { AS_NODE, compileError, type Graph, matching, putBefore } from './graph.ts';
import type { Plain } from './plain.ts';
import { LOCATION_DEFINES, sourceLocation } from './source-location.ts';
import { type CodeMap, codeMap } from './source-maps.ts';

type Format = 'cjs' | 'esm';

/** Another version of the bundler: the files cannot become one. */
export class UnknownHelper extends Error {}

export type OneFile = {
  content: Uint8Array;
  map: CodeMap;
  extension: '.cjs' | '.mjs';
  /** The file with the CommonJS files, beside the other. */
  apart: Uint8Array | undefined;
};

/**
 * Define the URL of the file, to which source-location.ts refers. An ES module has no require(), which CommonJS packages
 * need; the bundler keeps the name free.
 */
const BANNERS: Readonly<Record<Format, string>> = {
  cjs: "const __launchpoolUrl = require('node:url').pathToFileURL(__filename).href;",
  esm: [
    'const __launchpoolUrl = import.meta.url;',
    "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
  ].join(''),
};

/** Functions and classes of several files may have one name, which the bundler changes. */
const SEVERAL: BuildOptions = { ...AS_NODE, keepNames: true };
/** A single file stays as it is, which the text of its functions shows. */
const ALONE: BuildOptions = { ...AS_NODE, bundle: false, conditions: undefined, mainFields: undefined };

export type OneFileOptions = {
  /** The absolute path of the module. */
  module: string;
  graph: Graph;
  /** The absolute paths of own sources. */
  sources: readonly string[];
  /** The name of the file with the CommonJS files, if there is one. */
  apartName: string;
} & Pick<Plain, 'strict' | 'format'>;

/**
 * Compiles to CommonJS, which starts faster, unless the sources ask for its names or use top-level await.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, UnknownHelper
 */
export async function compileOneFile(options: OneFileOptions): Promise<OneFile> {
  const { module, graph, strict, format } = options;
  const targets = strict === 'apart' ? commonJsTargets(graph) : new Map<string, number>();
  const apart = targets.size === 0 ? undefined : await compileApart(options, [...targets.keys()]);
  try {
    return { ...(await compileAs(format, options, targets)), apart };
  } catch (error) {
    const { errors = [] } = error as BuildFailure;
    if (errors.length === 0) throw error;
    const isLate = errors.every(({ text }) => text.startsWith('Top-level await'));
    if (!isLate || strict === 'own' || format === 'esm') throw compileError(module, errors);
  }
  return { ...(await compileAs('esm', options, targets)), apart };
}

async function compileAs(
  format: Format,
  options: OneFileOptions,
  targets: ReadonlyMap<string, number>,
): Promise<Omit<OneFile, 'apart'>> {
  const { module, sources, strict, graph, apartName } = options;
  const directive = format === 'cjs' && strict !== 'own' ? '"use strict";\n' : '';
  const before = [sourceLocation(dirname(module), sources, graph.prefixes), putBefore(graph.prefixes)];
  const { content, map } = await compile(options, {
    entryPoints: [module],
    define: LOCATION_DEFINES,
    format,
    banner: { js: directive + BANNERS[format] },
    plugins: targets.size === 0 ? before : [...before, takeApart(graph, targets, apartName)],
  });
  return { content, map, extension: format === 'cjs' ? '.cjs' : '.mjs' };
}

/** The file that has CommonJS files, as an array of functions that load them. */
async function compileApart(options: OneFileOptions, paths: readonly string[]): Promise<Uint8Array> {
  const functions = paths.map((path) => `() => require(${JSON.stringify(path)})`);
  const { content } = await compile(options, {
    stdin: {
      contents: `module.exports = [${functions.join(', ')}];`,
      resolveDir: dirname(options.module),
      loader: 'js',
    },
    define: LOCATION_DEFINES,
    format: 'cjs',
    banner: { js: BANNERS.cjs },
    plugins: [sourceLocation(dirname(options.module), options.sources, options.graph.prefixes)],
  });
  return content;
}

async function compile(
  { module, graph }: OneFileOptions,
  own: BuildOptions,
): Promise<Pick<OneFile, 'content' | 'map'>> {
  const folder = dirname(module);
  const options = {
    ...(graph.files.size === 1 ? ALONE : SEVERAL),
    // Paths of sources are relative to this folder, so the file contains no path of this machine.
    absWorkingDir: folder,
    write: false as const,
    outdir: folder,
    sourcemap: 'external' as const,
    sourcesContent: false,
  };
  const { outputFiles } = await build({ ...own, ...options });
  const compiled = outputFiles.find(({ path }) => !path.endsWith('.map'))?.text ?? '';
  const map = outputFiles.find(({ path }) => path.endsWith('.map'))?.text ?? '{}';
  const code = withNamespaces(withoutNeedlessNames(compiled));
  return { content: Buffer.from(code), map: codeMap(map, compiled, code) };
}

/**
 * Gives the objects of all exports of a module, which `import * as` and `import()` return, what Node's have: sorted names, no
 * prototype, and the tag of a module. The bundler makes ordinary objects, in which `toString` is found.
 * @throws UnknownHelper for helpers of the bundler that are not known here.
 */
function withNamespaces(text: string): string {
  return HELPERS.reduce((changed, { name, known, better }) => {
    if (!changed.includes(`var ${name} = `)) return changed;
    if (known.test(changed)) return changed.replace(known, better);
    throw new UnknownHelper(`esbuild has another ${name} than the one that is known`);
  }, text);
}

/** The bundler renames parameters that a source uses. */
const HELPERS: readonly { name: string; known: RegExp; better: string }[] = [
  {
    name: '__export',
    known:
      /^var __export = \((\w+), (\w+)\) => \{\n *for \(var (\w+) in \2\)\n *(__defProp\(\1, \3, \{[^}]*\}\);)\n\};$/m,
    better: `var __export = ($1, $2) => {
  for (var $3 of Object.keys($2).sort())
    $4
  Object.setPrototypeOf($1, null);
  __defProp($1, Symbol.toStringTag, { value: "Module" });
};`,
  },
  {
    name: '__toESM',
    known: /^(var __toESM = \((\w+), \w+, (\w+)\) => \()\3 = \2 != null \? __create\(__getProtoOf\(\2\)\) : \{\},/m,
    better: '$1$3 = __create(null), __defProp($3, Symbol.toStringTag, { value: "Module" }),',
  },
];

/**
 * Removes the calls that give a function or class the name that it has anyway. They run at the start, one for each function
 * of all packages. The bundler writes each of them on lines of its own.
 */
function withoutNeedlessNames(text: string): string {
  return text
    .replace(/^ *__name\(([\w$]+), "\1"\);\n/gm, '')
    .replace(
      /^( *(?:export (?:default )?)?class ([\w$]+)(?: extends [\w$.]+)? \{\n) *static \{\n *__name\(this, "\2"\);\n *\}\n/gm,
      '$1',
    )
    .replace(
      /^( *(?:var|let|const) ([\w$]+) = class(?: extends [\w$.]+)? \{\n) *static \{\n *__name\(this, "\2"\);\n *\}\n/gm,
      '$1',
    );
}

/** The CommonJS files that ES modules import, each with its number. */
function commonJsTargets({ files }: Graph): Map<string, number> {
  const targets = new Map<string, number>();
  for (const { format, edges } of files.values()) {
    if (format !== 'esm') continue;
    for (const { path } of edges) {
      if (path === undefined || files.get(path)?.format !== 'cjs' || path.endsWith('.json')) continue;
      if (!targets.has(path)) targets.set(path, targets.size);
    }
  }
  return targets;
}

/** Leads the imports of ES modules to the file with the CommonJS files. */
function takeApart({ files }: Graph, targets: ReadonlyMap<string, number>, name: string): Plugin {
  const specifiers = new Set<string>();
  const byImport = new Map<string, number>();
  for (const { path: importer, format, edges } of files.values()) {
    for (const { specifier, path } of format === 'esm' ? edges : []) {
      const number = path === undefined ? undefined : targets.get(path);
      if (number === undefined) continue;
      specifiers.add(specifier);
      byImport.set(`${importer}\0${specifier}`, number);
    }
  }
  const file = `./${name}`;
  return {
    name: 'take-apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: matching([...specifiers]) }, ({ importer, path }) => {
        const number = byImport.get(`${importer}\0${path}`);
        return number === undefined ? undefined : { path: String(number), namespace: 'apart' };
      });
      onLoad({ filter: /.*/, namespace: 'apart' }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(file)})[${path}]();`,
        loader: 'js',
      }));
      onResolve({ filter: matching([file]), namespace: 'apart' }, () => ({ path: file, external: true }));
    },
  };
}
