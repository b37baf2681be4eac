/**
 * Whether the files of an agent can be one file. They can if none of them could tell the difference: by its location, by
 * what it loads in a way that only Node follows, by the kind of its modules, or by strict mode.
 */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { transform } from 'esbuild';
import { type Graph, type GraphFile, isScript } from './graph.ts';
import { readPackageJson, type Scope } from './scope.ts';

/** Loading by a computed name, and what shows where a function stands. */
const DYNAMIC =
  /\bcreateRequire\b|\brequire\b(?!\s*\()|\brequire\s*\(\s*(?!["'][^"'\n]*["']\s*\))|\bimport\s*\(\s*(?!["'][^"'\n]*["']\s*[,)])|\bprocess\.(?:dlopen|binding)\b|\bmodule\s*(?:\[|\.(?!exports\b))|\beval\s*\(|\bprepareStackTrace\b|\bFunction\.prototype\.toString\b|\btoString\.call\s*\(|\.evaluate\w*\s*\(|\$eval\b/;

/** Threads and processes may have files of the package; those of own sources are found by own-files.ts. */
const OTHER_THREADS = /\bworker_threads\b|\bnew\s+Worker\b|\bchild_process\b|\bcluster\b/;

/** Own sources keep these in one file: source-location.ts. */
const LOCATION = /\b__(?:dirname|filename)\b|\bimport\.meta\b/;
const OTHER_META = /\bimport\.meta\b(?!\s*\.\s*(?:url|filename|dirname)\b)/;

/** What an ES module does not have, and one file in CommonJS has. */
const COMMONJS_NAMES = /\b(?:require|module|exports|__filename|__dirname)\b/;

const EVERYTHING = /\b(?:import|export)\s*\*/;
const STRICT = /^(?:#!.*\n)?(?:\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*(['"])use strict\1/;

export type Plainness = {
  /** Why the files cannot be one, for people; undefined if they can. */
  reason: string | undefined;
  /** Whether all files are in strict mode. */
  isStrict: boolean;
};

export async function judge(graph: Graph, scope: Scope): Promise<Plainness> {
  const no = (reason: string): Plainness => ({ reason, isStrict: false });
  if (!graph.isComplete) return no('not all imports can be followed');
  const modes = new Set<boolean>();
  const packages = new Set<string>();
  for (const file of graph.files.values()) {
    const isOwn = scope.isOwn(file.path);
    const reason = shapeOf(file, graph) ?? (await contentsOf(file, isOwn));
    if (reason !== undefined) return no(`${file.path} ${reason}`);
    if (isScript(file.path)) modes.add(isStrictFile(file));
    const folder = scope.packageOf(file.path);
    if (folder !== undefined) packages.add(folder);
  }
  // Packages list the native parts of their platforms as optional dependencies.
  for (const folder of packages) {
    if (Object.keys(readPackageJson(folder).optionalDependencies ?? {}).length > 0) {
      return no(`${folder} has optional dependencies`);
    }
  }
  return modes.size > 1
    ? no('some files are in strict mode and others are not')
    : { reason: undefined, isStrict: !modes.has(false) };
}

/** Judges a file by what it imports, and how. */
function shapeOf({ path, format, edges }: GraphFile, graph: Graph): string | undefined {
  if (!isScript(path) && extname(path) !== '.json') return 'is no script';
  for (const { specifier, kind, path: to } of edges) {
    if (kind === 'require-resolve') return `asks where ${specifier} is`;
    if (to === undefined) {
      if (!isBuiltin(specifier)) return `imports ${specifier}, which is not there`;
      continue;
    }
    const target = graph.files.get(to)?.format;
    if (kind === 'dynamic-import' && target !== 'esm') return `imports ${specifier} late`;
    if (kind === 'require-call' && target === 'esm') return `requires the ES module ${specifier}`;
    if (format === 'esm' && target === 'cjs' && EVERYTHING.test(readFileSync(path, 'utf8'))) {
      return `imports all of ${specifier}`;
    }
  }
  return undefined;
}

async function contentsOf({ path, format }: GraphFile, isOwn: boolean): Promise<string | undefined> {
  if (!isScript(path)) return undefined;
  const source = readFileSync(path, 'utf8');
  if (findIn(source, format, isOwn) === undefined) return undefined;
  return findIn(await withoutComments(source, path), format, isOwn);
}

function findIn(code: string, format: GraphFile['format'], isOwn: boolean): string | undefined {
  const location = isOwn ? OTHER_META : LOCATION;
  if (location.test(code)) return 'uses its location';
  const found = (DYNAMIC.exec(code) ?? (isOwn ? null : OTHER_THREADS.exec(code)))?.[0];
  if (found !== undefined) return `has ${found.trim()}`;
  // A location is theirs in both kinds, after source-location.ts.
  const names = isOwn ? /\b(?:require|module|exports)\b/ : COMMONJS_NAMES;
  return format === 'esm' && names.test(withoutStrings(code)) ? 'knows CommonJS by name' : undefined;
}

/** Only few files need this: those with a suspicious word, often in prose. */
async function withoutComments(source: string, path: string): Promise<string> {
  try {
    const loader = /\.[cm]?js$/.test(path)
      ? 'js'
      : /\.[cm]?ts$/.test(path)
        ? 'ts'
        : /\.tsx$/.test(path)
          ? 'tsx'
          : 'jsx';
    return (await transform(source, { loader, minifyWhitespace: true, legalComments: 'none', target: 'node22' })).code;
  } catch {
    return source;
  }
}

function withoutStrings(code: string): string {
  return code
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""')
    .replace(/\.\s*(?:require|module|exports)\b/g, '');
}

function isStrictFile({ path, format }: GraphFile): boolean {
  return format === 'esm' || STRICT.test(readFileSync(path, 'utf8'));
}

function isBuiltin(specifier: string): boolean {
  return process.getBuiltinModule(specifier) !== undefined;
}
