/** Turns a module into self-contained files, which run in any folder without the sources and without npm. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { BundleFile } from './bundle-file.ts';
import { compile } from './compile.ts';
import { mirror } from './mirror.ts';
import { traceOwnFiles, tracePackage } from './trace.ts';

export type Bundle = {
  /** The path of the file to load; one of `files`. */
  entry: string;
  /** Sorted by path. The same sources give the same files, wherever they are. */
  files: BundleFile[];
  /** The absolute paths of the user's own sources. */
  inputs: string[];
  /** The warnings of the bundler, for the user. */
  warnings: string[];
};

/**
 * Bundles a module for an installation: one file, and beside it, in their original layout, the files that cannot be bundled:
 * packages with native parts or threads of their own, and files that code finds relative to its own location.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function bundleModule(modulePath: string): Promise<Bundle> {
  const module = realPathOf(modulePath);
  const compiled = await compile(module, 'mirrored');
  const ownFiles = await traceOwnFiles(compiled.inputs);
  const packages = await Promise.all(compiled.externals.map(tracePackage));
  const sources = new Set([...ownFiles, ...packages.flat()]);
  const name = `${basename(module, extname(module))}.agent${compiled.extension}`;
  const { entry, files } = mirror(dirname(module), { name, content: compiled.content }, [...sources]);
  return { entry, files, inputs: compiled.inputs, warnings: compiled.warnings };
}

export type InPlaceBundle = { content: Uint8Array; extension: '.cjs' | '.mjs'; inputs: string[]; warnings: string[] };

/**
 * Bundles a module for development: one file with an inline source map, which refers to unbundled files at their original
 * locations.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function bundleInPlace(modulePath: string): Promise<InPlaceBundle> {
  const { content, extension, inputs, warnings } = await compile(realPathOf(modulePath), 'in-place');
  return { content, extension, inputs, warnings };
}

/** Resolves links, because packages are found relative to the real location of a file. */
function realPathOf(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  throw new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `the module does not exist: ${absolute}`, {
    hint: 'Give the path of the module that exports the functions.',
  });
}
