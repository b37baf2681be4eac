/** Finds the files that code needs at run time, by reading the code. */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type NodeFileTraceOptions, type NodeFileTraceReasons, nodeFileTrace } from '@vercel/nft';
import { toJavaScript } from './to-javascript.ts';

const MODULES = `${sep}node_modules${sep}`;
/** Sources and build files of native parts, which are not needed at run time. */
const NATIVE_SOURCE = /\.(?:c|cc|cpp|cxx|h|hh|hpp|inc|s|asm|o|a|obj|gyp|gypi|md)$/i;
const SCRIPT = /\.[cm]?[jt]sx?$/;

/** The absolute paths of the scripts and of all files that they depend on. */
export async function trace(scripts: readonly string[], options: NodeFileTraceOptions = {}): Promise<string[]> {
  return absolute((await traceFiles(scripts, options)).fileList);
}

/**
 * A file of a package and the files that it depends on. Packages with native parts are included whole, because the code
 * does not show how they find those parts.
 */
export async function tracePackage(entry: string): Promise<string[]> {
  return withNativeParts(await trace([entry]));
}

function withNativeParts(files: readonly string[]): string[] {
  const wholePackages = new Set<string>();
  for (const root of new Set(files.map(packageRootOf))) {
    if (root === undefined) continue;
    const parts = platformPartsOf(root);
    if (parts.length === 0 && !files.some((file) => file.startsWith(join(root, sep)) && file.endsWith('.node')))
      continue;
    for (const folder of [root, ...parts]) for (const file of filesIn(folder)) wholePackages.add(file);
  }
  return [...new Set([...files, ...wholePackages])];
}

/**
 * The files that the user's own sources refer to relative to their location, such as
 * `new URL('./words.txt', import.meta.url)`. Scripts among them, such as those of threads, come with their dependencies.
 * @param inputs the sources that are bundled.
 */
export async function traceOwnFiles(inputs: readonly string[]): Promise<string[]> {
  // Every source is traced by itself, because the tracer does not find all imports that the bundler finds.
  const sources = inputs.filter((file) => SCRIPT.test(file));
  const { reasons } = await traceFiles(sources, { ignore: (path) => `${sep}${path}`.includes(MODULES) });
  const referred = absolute(unbundledFiles(reasons, new Set(inputs))).filter((file) => !isOwnPackageJson(file));
  const scripts = referred.filter((file) => SCRIPT.test(file));
  const required = (await trace(sources.filter(usesCreateRequire))).filter((file) => file.includes(MODULES));
  const dependencies = withNativeParts([...(await trace(scripts)), ...required]);
  return [...new Set([...referred, ...dependencies])].filter((file) => !isOwnPackageJson(file));
}

/** The bundler does not follow the imports of a require() that a source creates itself. */
function usesCreateRequire(file: string): boolean {
  return readFileSync(file, 'utf8').includes('createRequire');
}

/** mirror.ts writes the needed part of these files itself. */
function isOwnPackageJson(file: string): boolean {
  return basename(file) === 'package.json' && !file.includes(MODULES);
}

/** The files that are not in the bundle, and their dependencies, which may be in the bundle too. */
function unbundledFiles(reasons: NodeFileTraceReasons, bundled: ReadonlySet<string>): ReadonlySet<string> {
  const needed = new Set<string>();
  const isNeeded = (path: string): boolean => {
    const reason = reasons.get(path);
    if (reason === undefined || reason.ignored) return false;
    return !bundled.has(resolve('/', path)) || [...reason.parents].some((parent) => needed.has(parent));
  };
  for (let before = -1; before !== needed.size; ) {
    before = needed.size;
    for (const path of reasons.keys()) if (isNeeded(path)) needed.add(path);
  }
  return needed;
}

function traceFiles(scripts: readonly string[], options: NodeFileTraceOptions): ReturnType<typeof nodeFileTrace> {
  const [first = '/'] = scripts;
  return nodeFileTrace([...scripts], { base: '/', processCwd: dirname(first), readFile: readForTrace, ...options });
}

/** Gives the tracer JavaScript for the user's own sources. */
async function readForTrace(path: string): Promise<string | Buffer | null> {
  try {
    if (path.includes(MODULES) || !SCRIPT.test(path)) return await readFile(path);
    return (await toJavaScript(path)) ?? (await readFile(path));
  } catch (error) {
    // The tracer also tries paths that do not exist.
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** Existing files, as sorted absolute paths. */
function absolute(files: ReadonlySet<string>): string[] {
  return [...files]
    .map((file) => resolve('/', file))
    .filter((file) => existsSync(file))
    .sort();
}

/** The folder of the package that contains a file; undefined for a file outside of packages. */
function packageRootOf(file: string): string | undefined {
  const at = file.lastIndexOf(MODULES);
  if (at < 0) return undefined;
  const [scope = '', name = ''] = file.slice(at + MODULES.length).split(sep);
  const root = join(file.slice(0, at + MODULES.length), scope.startsWith('@') ? join(scope, name) : scope);
  return existsSync(join(root, 'package.json')) ? root : undefined;
}

/** The folders of a package's installed optional dependencies. */
function platformPartsOf(root: string): string[] {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const paths = createRequire(join(realpathSync(root), 'package.json')).resolve.paths('x') ?? [];
  return Object.keys(optionalDependencies).flatMap((name) => {
    const folder = paths.map((path) => join(path, name)).find((path) => existsSync(path));
    return folder === undefined ? [] : [folder];
  });
}

function filesIn(folder: string): string[] {
  const realFolder = realpathSync(folder);
  const entries = readdirSync(realFolder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory() && !NATIVE_SOURCE.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    // A link may be broken.
    .filter((file) => existsSync(file));
  // A linked folder is found through its link, which is needed too.
  return lstatSync(folder).isSymbolicLink() ? [folder, ...files] : files;
}
