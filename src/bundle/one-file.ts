/** Compiles a module with its own sources and its packages into one file. Only for files that are plain: plain.ts. */
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildFailure, type BuildOptions, build } from 'esbuild';
import { AS_NODE, compileError } from './graph.ts';
import { LOCATION_DEFINES, sourceLocation } from './source-location.ts';

export type OneFile = { content: Uint8Array; extension: '.cjs' | '.mjs' };

type Format = 'cjs' | 'esm';

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

export type OneFileOptions = {
  /** The absolute path of the module. */
  module: string;
  /** The absolute paths of own sources. */
  sources: readonly string[];
  /** Whether all sources are in strict mode, or none is. */
  isStrict: boolean;
};

/**
 * Compiles to CommonJS, which starts faster, and to an ES module when the sources use top-level await.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function compileOneFile(options: OneFileOptions): Promise<OneFile> {
  try {
    return await compileAs('cjs', options);
  } catch (error) {
    const { errors = [] } = error as BuildFailure;
    if (errors.length === 0) throw error;
    const isLate = errors.every(({ text }) => text.startsWith('Top-level await'));
    if (!isLate || !options.isStrict) throw compileError(options.module, errors);
  }
  return compileAs('esm', options);
}

async function compileAs(format: Format, { module, sources, isStrict }: OneFileOptions): Promise<OneFile> {
  const folder = dirname(module);
  const directive = format === 'cjs' && isStrict ? '"use strict";\n' : '';
  const options: BuildOptions & { write: false } = {
    ...AS_NODE,
    entryPoints: [module],
    // Paths of sources are relative to this folder, so the file contains no path of this machine.
    absWorkingDir: folder,
    define: LOCATION_DEFINES,
    format,
    // Functions and classes of several files may have one name.
    keepNames: true,
    banner: { js: directive + BANNERS[format] },
    write: false,
    outdir: folder,
    sourcemap: false,
    // The caller chooses the folder of the file.
    sourceRoot: pathToFileURL(join(folder, sep)).href,
    plugins: [sourceLocation(folder, sources)],
  };
  const { outputFiles } = await build(options);
  return { content: outputFiles[0]?.contents ?? new Uint8Array(), extension: format === 'cjs' ? '.cjs' : '.mjs' };
}
