/** Bundles a module, its own sources and the plain ones of its packages, into one file. */
import { dirname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildFailure, type BuildOptions, build, type Message, type Metafile } from 'esbuild';
import { LaunchpoolError } from '../../wire/errors.ts';
import { OWN_PLACE, ownSources } from './own-sources.ts';
import { externalPackages } from './packages.ts';

/** Whether what cannot be bundled is beside the bundle as it was beside the module, or where it is now. */
export type BundlePlace = 'mirrored' | 'in-place';

export type Compiled = {
  content: Uint8Array;
  extension: '.cjs' | '.mjs';
  /** The user's own sources, as absolute paths. */
  inputs: string[];
  /** Of packages that are not in it, the files that it begins with. */
  externals: string[];
  warnings: string[];
};

type Format = 'cjs' | 'esm';

/**
 * By what own-sources.ts refers to the place of the bundle. An ES module has no require(), and CommonJS packages in it
 * need one; no name of theirs can be in its way, since the bundler keeps that one free.
 */
const BANNERS: Readonly<Record<Format, string>> = {
  cjs: "const __launchpoolUrl = require('node:url').pathToFileURL(__filename).href;",
  esm: [
    'const __launchpoolUrl = import.meta.url;',
    "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
  ].join(''),
};

/**
 * As CommonJS, which starts faster; as an ES module where something is awaited at the top level.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function compile(module: string, place: BundlePlace): Promise<Compiled> {
  try {
    return await compileAs('cjs', module, place);
  } catch (error) {
    const { errors = [] } = error as BuildFailure;
    if (errors.length === 0) throw error;
    if (!errors.every(({ text }) => text.startsWith('Top-level await'))) throw notCompiled(module, errors);
  }
  try {
    return await compileAs('esm', module, place);
  } catch (error) {
    const { errors = [] } = error as BuildFailure;
    throw errors.length === 0 ? error : notCompiled(module, errors);
  }
}

async function compileAs(format: Format, module: string, place: BundlePlace): Promise<Compiled> {
  const folder = dirname(module);
  const external = externalPackages({ folder, place, format });
  const banner = place === 'in-place' ? bannerWithOwnUrl(module, BANNERS[format]) : BANNERS[format];
  const options: BuildOptions & { write: false; metafile: true } = {
    entryPoints: [module],
    // What it says of sources is relative to this, so no path of this machine is in it.
    absWorkingDir: folder,
    bundle: true,
    platform: 'node',
    target: 'node22',
    // The bundler's own condition `module` may lead to files that Node itself cannot load.
    conditions: [],
    define: OWN_PLACE,
    format,
    banner: { js: banner },
    write: false,
    metafile: true,
    outdir: folder,
    legalComments: 'none',
    logLevel: 'silent',
    sourcemap: place === 'in-place' ? 'inline' : false,
    // The caller puts the file where it likes.
    sourceRoot: pathToFileURL(join(folder, sep)).href,
    plugins: [ownSources(folder), external.plugin],
  };
  const { outputFiles, metafile, warnings } = await build(options);
  return {
    content: strictFirst(outputFiles[0]?.contents ?? new Uint8Array(), banner),
    extension: format === 'cjs' ? '.cjs' : '.mjs',
    inputs: ownInputs(metafile, folder),
    externals: [...external.found].sort(),
    warnings: warnings.map(describe),
  };
}

/** A directive counts only before everything else, and the bundler puts the banner before it. */
function strictFirst(content: Uint8Array, banner: string): Uint8Array {
  const directive = '"use strict";\n';
  const head = Buffer.from(`${banner}\n${directive}`);
  if (!head.equals(content.subarray(0, head.length))) return content;
  return Buffer.concat([Buffer.from(`${directive}${banner}\n`), content.subarray(head.length)]);
}

/** In place, its sources mean where they are by the place of the module. */
function bannerWithOwnUrl(module: string, banner: string): string {
  const own = `const __launchpoolUrl = ${JSON.stringify(pathToFileURL(module).href)};`;
  return banner.replace(/^const __launchpoolUrl = .*?;/, () => own);
}

function ownInputs({ inputs }: Metafile, folder: string): string[] {
  const paths = Object.keys(inputs).map((path) => resolve(folder, path));
  return paths.filter((path) => !path.includes(`${sep}node_modules${sep}`)).sort();
}

function notCompiled(module: string, errors: readonly Message[]): LaunchpoolError {
  const text = errors.map(describe).join('; ');
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${module} cannot be bundled: ${text}`, {
    hint: 'A package that is missing may have to be installed first.',
    data: { files: filesOf(module, errors) },
  });
}

/** In which the mistakes are. */
function filesOf(module: string, errors: readonly Message[]): string[] {
  const files = errors.flatMap(({ location }) => (location === null ? [] : [resolve(dirname(module), location.file)]));
  return [...new Set(files)];
}

function describe({ text, location }: Message): string {
  return location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}
