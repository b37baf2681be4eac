/** Compiles a module with its own sources and its bundleable packages into one file. */
import { dirname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildFailure, type BuildOptions, build, type Message, type Metafile } from 'esbuild';
import { LaunchpoolError } from '../../wire/errors.ts';
import { type ExternalLocation, externalPackages } from './packages.ts';
import { LOCATION_DEFINES, sourceLocation } from './source-location.ts';

export type Compiled = {
  content: Uint8Array;
  extension: '.cjs' | '.mjs';
  /** The absolute paths of the user's own sources. */
  inputs: string[];
  /** The files by which the bundle enters the packages that are not in it. */
  externals: string[];
  warnings: string[];
};

type Format = 'cjs' | 'esm';

/**
 * Define the URL of the bundle, to which source-location.ts refers. An ES module has no require(), which bundled CommonJS
 * packages need; the bundler keeps the name free.
 */
const BANNERS: Readonly<Record<Format, string>> = {
  cjs: "const __launchpoolUrl = require('node:url').pathToFileURL(__filename).href;",
  esm: [
    'const __launchpoolUrl = import.meta.url;',
    "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
  ].join(''),
};

/**
 * Compiles to CommonJS, which starts faster, and to an ES module when the sources use top-level await.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export async function compile(module: string, location: ExternalLocation): Promise<Compiled> {
  try {
    return await compileAs('cjs', module, location);
  } catch (error) {
    const { errors = [] } = error as BuildFailure;
    if (errors.length === 0) throw error;
    if (!errors.every(({ text }) => text.startsWith('Top-level await'))) throw compileError(module, errors);
  }
  try {
    return await compileAs('esm', module, location);
  } catch (error) {
    const { errors = [] } = error as BuildFailure;
    throw errors.length === 0 ? error : compileError(module, errors);
  }
}

async function compileAs(format: Format, module: string, location: ExternalLocation): Promise<Compiled> {
  const folder = dirname(module);
  const external = externalPackages({ folder, location, format });
  const banner = location === 'in-place' ? bannerWithModuleUrl(module, BANNERS[format]) : BANNERS[format];
  const options: BuildOptions & { write: false; metafile: true } = {
    entryPoints: [module],
    // Paths of sources are relative to this folder, so the bundle contains no path of this machine.
    absWorkingDir: folder,
    bundle: true,
    platform: 'node',
    target: 'node22',
    // esbuild's default condition `module` may resolve to files that Node cannot load.
    conditions: [],
    define: LOCATION_DEFINES,
    format,
    banner: { js: banner },
    write: false,
    metafile: true,
    outdir: folder,
    legalComments: 'none',
    logLevel: 'silent',
    sourcemap: location === 'in-place' ? 'inline' : false,
    // The caller chooses the folder of the bundle.
    sourceRoot: pathToFileURL(join(folder, sep)).href,
    plugins: [sourceLocation(folder), external.plugin],
  };
  const { outputFiles, metafile, warnings } = await build(options);
  return {
    content: moveDirectiveFirst(outputFiles[0]?.contents ?? new Uint8Array(), banner),
    extension: format === 'cjs' ? '.cjs' : '.mjs',
    inputs: ownInputs(metafile, folder),
    externals: [...external.files].sort(),
    warnings: warnings.map(formatMessage),
  };
}

/** A directive takes effect only at the very start, and esbuild puts the banner before it. */
function moveDirectiveFirst(content: Uint8Array, banner: string): Uint8Array {
  const directive = '"use strict";\n';
  const head = Buffer.from(`${banner}\n${directive}`);
  if (!head.equals(content.subarray(0, head.length))) return content;
  return Buffer.concat([Buffer.from(`${directive}${banner}\n`), content.subarray(head.length)]);
}

/** In place, the locations of sources are relative to the module instead of the bundle. */
function bannerWithModuleUrl(module: string, banner: string): string {
  const definition = `const __launchpoolUrl = ${JSON.stringify(pathToFileURL(module).href)};`;
  return banner.replace(/^const __launchpoolUrl = .*?;/, () => definition);
}

function ownInputs({ inputs }: Metafile, folder: string): string[] {
  const paths = Object.keys(inputs).map((path) => resolve(folder, path));
  return paths.filter((path) => !path.includes(`${sep}node_modules${sep}`)).sort();
}

function compileError(module: string, errors: readonly Message[]): LaunchpoolError {
  const text = errors.map(formatMessage).join('; ');
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${module} cannot be bundled: ${text}`, {
    hint: 'Correct the sources, or install the missing packages.',
    data: { files: filesOf(module, errors) },
  });
}

/** The files that contain the errors. */
function filesOf(module: string, errors: readonly Message[]): string[] {
  const files = errors.flatMap(({ location }) => (location === null ? [] : [resolve(dirname(module), location.file)]));
  return [...new Set(files)];
}

function formatMessage({ text, location }: Message): string {
  return location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}
