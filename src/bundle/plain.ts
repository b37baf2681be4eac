/**
 * Whether the files of an agent can be one file. They can if none of them could tell the difference: by its location, by
 * what it loads in a way that only Node follows, by the kind of its modules, or by strict mode.
 */
import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { type Graph, type GraphFile, isScript } from './graph.ts';
import { nearestPackageFolder, packageNameOf, readPackageJson, type Scope } from './scope.ts';
import { COMMONJS_NAMES, findSign, isStrict } from './signs.ts';

/** How much code that is loaded late, or never, may be read at the start. */
const MAX_LATE_BYTES = 1024 * 1024;

const EVERYTHING = /\bimport\s*(?:[\w$]+\s*,\s*)?\*|\bexport\s*\*/;
/** Options of Node by which a process gets code as text, or a module to load. */
const CODE_OPTION = /['"`](?:-e|--eval|-p|-pe|--print|-r|--require|--import|--input-type)\b/;

export type Plain = {
  reason: undefined;
  /**
   * Which code is in strict mode: all of it; each CommonJS file by its own directive; or, in a file of its own, all ES
   * modules, and CommonJS files by theirs.
   */
  strict: 'all' | 'own' | 'apart';
  /** An ES module where a source asks for names that CommonJS has. */
  format: 'cjs' | 'esm';
};

/** With a reason, for people, why the files cannot be one. */
export type Plainness = Plain | { reason: string };

export async function judge(graph: Graph, scope: Scope): Promise<Plainness> {
  if (!graph.isComplete) return { reason: 'not all imports can be followed' };
  if (loadsMostlyLate(graph)) return { reason: 'most of its code is loaded late' };
  const kinds = new Set<'esm' | 'strict' | 'sloppy'>();
  const packages = new Set<string>();
  const sources = new Map<GraphFile, string>();
  // The questions that cost least come first.
  for (const file of graph.files.values()) {
    const { path } = file;
    const folder = scope.packageOf(path);
    if (folder !== undefined) packages.add(folder);
    const source = isScript(path) ? readFileSync(path, 'utf8') : '';
    const found = shapeOf(file, graph, source);
    if (found !== undefined) return { reason: `${path} ${found}` };
    sources.set(file, source);
    if (isScript(path)) kinds.add(file.format === 'esm' ? 'esm' : isStrict(source) ? 'strict' : 'sloppy');
  }
  // Packages list the native parts of their platforms as optional dependencies.
  for (const folder of packages) {
    const { optionalDependencies = {} } = readPackageJson(folder);
    if (Object.keys(optionalDependencies).length > 0) return { reason: `${folder} has optional dependencies` };
  }
  const ofPackages = [...sources].filter(([{ path }]) => !scope.isOwn(path)).map(([, source]) => source);
  if (
    ofPackages.some((source) => source.includes('child_process')) &&
    ofPackages.some((source) => CODE_OPTION.test(source))
  ) {
    return { reason: 'a package may give a process code' };
  }
  let format: 'cjs' | 'esm' = 'cjs';
  for (const [{ path, format: own }, source] of sources) {
    const found = await findSign(source, {
      path,
      format: own,
      isOwn: scope.isOwn(path),
      isEntry: graph.entries.includes(path),
    });
    if (found === COMMONJS_NAMES) format = 'esm';
    else if (found !== undefined) return { reason: `${path} ${found}` };
  }
  const strict = !kinds.has('esm') ? 'own' : kinds.has('sloppy') ? 'apart' : 'all';
  return { reason: undefined, strict, format: kinds.has('esm') ? format : 'cjs' };
}

/** In one file, the engine would read all of it at the start. */
function loadsMostlyLate({ entries, files }: Graph): boolean {
  const early = new Set(entries);
  for (const path of early) {
    for (const { kind, path: to } of files.get(path)?.edges ?? []) {
      if (to !== undefined && kind !== 'dynamic-import') early.add(to);
    }
  }
  let [earlyBytes, lateBytes] = [0, 0];
  for (const path of files.keys()) {
    const { size } = statSync(path);
    if (early.has(path)) earlyBytes += size;
    else lateBytes += size;
  }
  return lateBytes > MAX_LATE_BYTES && lateBytes > earlyBytes;
}

/** Judges a file by what it imports, and how. */
function shapeOf({ path, format, edges }: GraphFile, graph: Graph, source: string): string | undefined {
  if (!isScript(path) && extname(path) !== '.json') return 'is no script';
  for (const { specifier, kind, path: to } of edges) {
    if (kind === 'require-resolve') return `asks where ${specifier} is`;
    if (to === undefined) {
      // A require() of a missing package throws the same error in one file. `<runtime>` are the bundler's own helpers.
      const isOptional = kind === 'require-call' && packageNameOf(specifier) !== undefined;
      if (specifier === '<runtime>' || isOptional || isBuiltin(specifier)) continue;
      return `imports ${specifier}, which is not there`;
    }
    const target = graph.files.get(to);
    const isCommonJs = target?.format === 'cjs';
    if (kind === 'dynamic-import' && target?.format !== 'esm') return `imports ${specifier} late`;
    if (format === 'cjs' && target?.format === 'esm') return `loads the ES module ${specifier} in CommonJS`;
    if (format === 'esm' && isCommonJs && EVERYTHING.test(source)) return `imports all of ${specifier}`;
    if (format === 'esm' && isCommonJs && !isNodeModule(path) && mayHaveMark(to, graph)) {
      return `imports ${specifier} in a file without a kind`;
    }
  }
  return undefined;
}

/** Whether what a CommonJS file exports may have `__esModule`: its own exports, or those of a file that it requires. */
function mayHaveMark(path: string, { files }: Graph): boolean {
  const seen = new Set([path]);
  for (const each of seen) {
    if (isScript(each) && readFileSync(each).includes('__esModule')) return true;
    for (const { kind, path: to } of files.get(each)?.edges ?? []) {
      if (to !== undefined && kind === 'require-call') seen.add(to);
    }
  }
  return false;
}

/** Whether the bundler takes the file for an ES module as Node has them: else it reads `__esModule` of what is imported. */
function isNodeModule(path: string): boolean {
  if (/\.m[jt]s$/.test(path)) return true;
  const folder = nearestPackageFolder(path);
  return folder !== undefined && readPackageJson(folder).type === 'module';
}

function isBuiltin(specifier: string): boolean {
  return process.getBuiltinModule(specifier) !== undefined;
}
