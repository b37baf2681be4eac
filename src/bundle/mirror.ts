/** Lays files out below one folder in their original layout, so that relative references between them stay valid. */
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import type { BundleFile } from './bundle-file.ts';

/** The folder that contains the mirrored files. */
const ROOT = 'app';

export type Mirrored = { entry: string; files: BundleFile[] };

/**
 * @param folder of the module; the bundle takes the module's place.
 * @param sources absolute paths.
 */
export function mirror(
  folder: string,
  bundle: { name: string; content: Uint8Array },
  sources: readonly string[],
): Mirrored {
  const targets = sources.filter(isLink).map((path) => realpathSync(path));
  const root = commonFolder([folder, ...sources.map(dirname), ...targets]);
  const pathOf = (path: string): string => [ROOT, ...relative(root, path).split(sep)].filter(Boolean).join('/');
  const entry = pathOf(join(folder, bundle.name));
  const files = new Map<string, BundleFile>([[entry, { path: entry, mode: 0o644, content: bundle.content }]]);
  for (const source of sources) {
    const path = pathOf(source);
    if (isLink(source)) files.set(path, { path, mode: 0o644, link: linkTargetOf(source) });
    else files.set(path, { path, mode: modeOf(source), source });
  }
  for (const [path, type] of moduleTypes(root, sources)) {
    const mirrored = pathOf(path);
    if (files.has(mirrored)) continue;
    files.set(mirrored, { path: mirrored, mode: 0o644, content: Buffer.from(`${JSON.stringify({ type })}\n`) });
  }
  return { entry, files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/**
 * The `type` of the nearest package.json of each of the user's own scripts, by the path of a package.json. The rest of the
 * file is private and is not copied.
 */
function moduleTypes(root: string, sources: readonly string[]): Map<string, string> {
  const types = new Map<string, string>();
  for (const source of sources) {
    if (source.includes(`${sep}node_modules${sep}`) || !['.js', '.ts'].includes(extname(source))) continue;
    const packageJson = nearestPackageJson(dirname(source));
    if (packageJson === undefined) continue;
    const { type = 'commonjs' } = JSON.parse(readFileSync(packageJson, 'utf8'));
    const isInside = !relative(root, packageJson).startsWith('..');
    types.set(isInside ? packageJson : join(root, 'package.json'), type);
  }
  return types;
}

function nearestPackageJson(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'package.json');
    if (existsSync(path)) return path;
    if (at === dirname(at)) return undefined;
  }
}

/** The deepest folder that contains all the paths. */
function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split(sep));
  const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return (differs < 0 ? first : first.slice(0, differs)).join(sep) || sep;
}

function linkTargetOf(path: string): string {
  return relative(dirname(path), resolve(dirname(path), readlinkSync(path)));
}

function isLink(path: string): boolean {
  return lstatSync(path).isSymbolicLink();
}

function modeOf(path: string): number {
  return (lstatSync(path).mode & 0o100) === 0 ? 0o644 : 0o755;
}
