/** Finds the files that code will want when it runs, by reading it. */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type NodeFileTraceOptions, type NodeFileTraceReasons, nodeFileTrace } from '@vercel/nft';
import { toJavaScript } from './own-sources.ts';

const MODULES = `${sep}node_modules${sep}`;
/** What native parts are made of, and nobody reads any more. */
const NATIVE_SOURCE = /\.(?:c|cc|cpp|cxx|h|hh|hpp|inc|s|asm|o|a|obj|gyp|gypi|md)$/i;
const SCRIPT = /\.[cm]?[jt]sx?$/;

/** All files that these scripts lead to, themselves among them, as absolute paths. */
export async function trace(scripts: readonly string[], options: NodeFileTraceOptions = {}): Promise<string[]> {
  return absolute((await traced(scripts, options)).fileList);
}

/** What a file of a package leads to, with the packages whole that have native parts: how these are found, nobody can read. */
export async function tracePackage(entry: string): Promise<string[]> {
  return withNativeParts(await trace([entry]));
}

function withNativeParts(files: readonly string[]): string[] {
  const whole = new Set<string>();
  for (const root of new Set(files.map(packageRootOf))) {
    if (root === undefined) continue;
    const parts = platformPartsOf(root);
    if (parts.length === 0 && !files.some((file) => file.startsWith(join(root, sep)) && file.endsWith('.node')))
      continue;
    for (const folder of [root, ...parts]) for (const file of filesIn(folder)) whole.add(file);
  }
  return [...new Set([...files, ...whole])];
}

/**
 * The files that a user's own sources refer to by where they are, such as `new URL('./words.txt', import.meta.url)`;
 * where they are scripts, as those of threads are, with all that these lead to.
 * @param inputs the sources that are bundled.
 */
export async function traceOwnFiles(inputs: readonly string[]): Promise<string[]> {
  // Each of them, since the tracer does not find all that the bundler does.
  const sources = inputs.filter((file) => SCRIPT.test(file));
  const { reasons } = await traced(sources, { ignore: (path) => `${sep}${path}`.includes(MODULES) });
  const referred = absolute(referredTo(reasons, new Set(inputs))).filter((file) => !isOwnPackageJson(file));
  const scripts = referred.filter((file) => SCRIPT.test(file));
  const required = (await trace(sources.filter(makesRequire))).filter((file) => file.includes(MODULES));
  const ledTo = withNativeParts([...(await trace(scripts)), ...required]);
  return [...new Set([...referred, ...ledTo])].filter((file) => !isOwnPackageJson(file));
}

/** What a source loads by a require() of its making is no import to the bundler. */
function makesRequire(file: string): boolean {
  return readFileSync(file, 'utf8').includes('createRequire');
}

/** Of which mirror.ts says as much as is needed. */
function isOwnPackageJson(file: string): boolean {
  return basename(file) === 'package.json' && !file.includes(MODULES);
}

/** What is not in the bundle, and what that leads to, which may be in the bundle as well. */
function referredTo(reasons: NodeFileTraceReasons, bundled: ReadonlySet<string>): ReadonlySet<string> {
  const wanted = new Set<string>();
  const isWanted = (path: string): boolean => {
    const reason = reasons.get(path);
    if (reason === undefined || reason.ignored) return false;
    return !bundled.has(resolve('/', path)) || [...reason.parents].some((parent) => wanted.has(parent));
  };
  for (let before = -1; before !== wanted.size; ) {
    before = wanted.size;
    for (const path of reasons.keys()) if (isWanted(path)) wanted.add(path);
  }
  return wanted;
}

function traced(scripts: readonly string[], options: NodeFileTraceOptions): ReturnType<typeof nodeFileTrace> {
  const [first = '/'] = scripts;
  return nodeFileTrace([...scripts], { base: '/', processCwd: dirname(first), readFile: readForTrace, ...options });
}

/** The tracer reads JavaScript. */
async function readForTrace(path: string): Promise<string | Buffer | null> {
  try {
    if (path.includes(MODULES) || !SCRIPT.test(path)) return await readFile(path);
    return (await toJavaScript(path)) ?? (await readFile(path));
  } catch (error) {
    // What is only looked for need not be there.
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function absolute(files: ReadonlySet<string>): string[] {
  return [...files]
    .map((file) => resolve('/', file))
    .filter((file) => existsSync(file))
    .sort();
}

/** The folder of the package that a file belongs to, or undefined for a file that belongs to none. */
function packageRootOf(file: string): string | undefined {
  const at = file.lastIndexOf(MODULES);
  if (at < 0) return undefined;
  const [scope = '', name = ''] = file.slice(at + MODULES.length).split(sep);
  const root = join(file.slice(0, at + MODULES.length), scope.startsWith('@') ? join(scope, name) : scope);
  return existsSync(join(root, 'package.json')) ? root : undefined;
}

/** The folders of its optional dependencies, those that are installed. */
function platformPartsOf(root: string): string[] {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const paths = createRequire(join(realpathSync(root), 'package.json')).resolve.paths('x') ?? [];
  return Object.keys(optionalDependencies).flatMap((name) => {
    const folder = paths.map((path) => join(path, name)).find((path) => existsSync(path));
    return folder === undefined ? [] : [folder];
  });
}

function filesIn(folder: string): string[] {
  const real = realpathSync(folder);
  const entries = readdirSync(real, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory() && !NATIVE_SOURCE.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    // A link may lead nowhere.
    .filter((file) => existsSync(file));
  // The link itself, by which it is found, where it is one.
  return lstatSync(folder).isSymbolicLink() ? [folder, ...files] : files;
}
