/** An agent's module → files that stand by themselves, in any folder, without the sources and without npm. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import { compile } from './compile.ts';
import { mirror } from './mirror.ts';
import { traceOwnFiles, tracePackage } from './trace.ts';

export type BundleFile = {
  /** Relative to the bundle's folder, with `/`. */
  path: string;
  /** 0o755 where the original can be executed, otherwise 0o644. */
  mode: number;
} & BundleContents;

export type BundleContents =
  | { content: Uint8Array }
  /** To be copied from there. */
  | { source: string }
  /** A symbolic link to there, as it is seen from beside the file. */
  | { link: string };

export type Bundle = {
  /** The file to load, among the files. */
  entry: string;
  /** In the order of their paths; the same for the same sources, wherever these are. */
  files: BundleFile[];
  /** The user's own sources, as absolute paths. */
  inputs: string[];
  /** What the user should know. */
  warnings: string[];
};

/**
 * One file of what can be bundled, and beside it, laid out as the originals are, what cannot: packages with native
 * parts or threads of their own, files that are found by where the code is.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function bundleModule(modulePath: string): Promise<Bundle> {
  const module = existing(modulePath);
  const compiled = await compile(module, 'mirrored');
  const own = await traceOwnFiles(compiled.inputs);
  const packages = await Promise.all(compiled.externals.map(tracePackage));
  const sources = new Set([...own, ...packages.flat()]);
  const name = `${basename(module, extname(module))}.agent${compiled.extension}`;
  const { entry, files } = mirror(dirname(module), { name, content: compiled.content }, [...sources]);
  return { entry, files, inputs: compiled.inputs, warnings: compiled.warnings };
}

export type InPlace = { content: Uint8Array; extension: '.cjs' | '.mjs'; inputs: string[]; warnings: string[] };

/**
 * For development: one file, which refers to all that cannot be bundled where it is, with a source map in it.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function bundleInPlace(modulePath: string): Promise<InPlace> {
  const { content, extension, inputs, warnings } = await compile(existing(modulePath), 'in-place');
  return { content, extension, inputs, warnings };
}

/** Packages are found by where a file really is. */
function existing(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  throw new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `there is no ${absolute}`, {
    hint: 'Give the path of the module whose exported functions are to be called.',
  });
}
