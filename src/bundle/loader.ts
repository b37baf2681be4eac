/**
 * The file that an agent loads in place of its module, when Node alone does not load the own sources: it gives Node the
 * compiled sources under the URLs of the originals, so that all that a source sees is as without it.
 */
import { relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OwnSources } from './own-sources.ts';

/** The name under which the file exports the URL of the module: workers/handlers.ts goes on with that. */
const MODULE = "Symbol.for('launchpool.module')";

export type LoaderFile = { loader: string; sources: string };

/**
 * @param module the absolute path of the module.
 * @param folder to which the paths in the files are relative, that of the loader; undefined for absolute paths.
 * @param name of the file of sources, which is beside the loader.
 */
export function writeLoader(module: string, own: OwnSources, folder: string | undefined, name: string): LoaderFile {
  const at = (path: string): string =>
    folder === undefined ? pathToFileURL(path).href : encodePath(relative(folder, path).split(sep).join('/'));
  const files = [...own.compiled].map(([path, { format, source }]) => [at(path), format, source]);
  const resolutions = [...own.resolutions].map(([path, found]) => [
    at(path),
    Object.fromEntries([...found].map(([specifier, { path: to, isJson }]) => [specifier, [at(to), isJson]])),
  ]);
  const byName = (a: unknown[], b: unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1);
  return {
    loader: textOf(at(module), name),
    sources: JSON.stringify({ files: files.sort(byName), resolutions: resolutions.sort(byName) }),
  };
}

function encodePath(path: string): string {
  return encodeURI(`./${path}`).replace(/[?#]/g, encodeURIComponent);
}

function textOf(module: string, name: string): string {
  return `'use strict';
const { readFileSync } = require('node:fs');
const { registerHooks } = require('node:module');
const { pathToFileURL } = require('node:url');
const here = pathToFileURL(__filename);
const at = (path) => new URL(path, here).href;
const own = JSON.parse(readFileSync(__dirname + ${JSON.stringify(`/${name}`)}, 'utf8'));
const files = new Map(own.files.map(([path, format, source]) => [at(path), { format, source, shortCircuit: true }]));
const resolutions = new Map(own.resolutions.map(([path, found]) => [at(path), found]));
registerHooks({
  resolve(specifier, context, next) {
    const found = context.parentURL === undefined ? undefined : resolutions.get(context.parentURL);
    if (found === undefined || !Object.hasOwn(found, specifier)) return next(specifier, context);
    const [path, isJson] = found[specifier];
    const url = at(path);
    const importAttributes = isJson ? { type: 'json' } : context.importAttributes;
    return { url, format: isJson ? 'json' : files.get(url)?.format, importAttributes, shortCircuit: true };
  },
  load(url, context, next) {
    return files.get(url) ?? (url.includes('?') ? files.get(url.replace(/[?].*/, '')) : undefined) ?? next(url, context);
  },
});
exports[${MODULE}] = at(${JSON.stringify(module)});
`;
}
