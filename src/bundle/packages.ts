/** Decides which packages can be bundled, and has the others stay outside. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OnResolveArgs, Plugin } from 'esbuild';
import type { BundlePlace } from './compile.ts';
import { trace } from './trace.ts';

/** What code does that must be where it was, or that hides what it needs: its place, its threads, what it loads. */
const NOT_PLAIN =
  /\b__(?:dirname|filename)\b|\bimport\.meta\b|\bcreateRequire\b|\brequire\s*\.|\bworker_threads\b|\bnew\s+Worker\b|\brequire\s*\(\s*[^'"\s)]|\bimport\s*\(\s*[^'"\s)]|\bprocess\.(?:dlopen|binding)\b/;

/** A namespace of the bundler's. */
const ES_MODULE = 'es-module';

const SCRIPT = /\.[cm]?js$/;

export type ExternalPackages = {
  plugin: Plugin;
  /** Of each package that was left outside, the file that is imported. */
  found: Set<string>;
};

export function externalPackages(options: {
  /** Where the bundle will be, or the module is. */
  folder: string;
  place: BundlePlace;
  format: 'cjs' | 'esm';
}): ExternalPackages {
  const found = new Set<string>();
  const decided = new Map<string, Promise<boolean>>();

  function isPlainOnce(path: string): Promise<boolean> {
    const known = decided.get(path) ?? isPlain(path);
    decided.set(path, known);
    return known;
  }

  const plugin: Plugin = {
    name: 'external-packages',
    setup({ onLoad, onResolve, resolve }) {
      onResolve({ filter: /.*/, namespace: ES_MODULE }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /.*/, namespace: ES_MODULE }, ({ path }) => ({ contents: reExport(path), loader: 'js' }));
      onResolve({ filter: /.*/ }, async (args) => {
        if (args.kind === 'entry-point' || args.pluginData === plugin) return undefined;
        const { importer, namespace, resolveDir, kind, with: attributes } = args;
        const asked = { importer, namespace, resolveDir, kind, with: attributes, pluginData: plugin };
        const { path, errors, external } = await resolve(args.path, asked);
        // esbuild itself knows best what to make of what is not there, and of what is Node's own.
        if (errors.length > 0 || external) return undefined;
        if (!path.includes(`${sep}node_modules${sep}`)) return undefined;
        // A path that is asked for must be there; what is bundled has none.
        if (kind !== 'require-resolve' && (await isPlainOnce(path))) return undefined;
        found.add(path);
        const specifier = specifierOf(path, args, options);
        const isRequired = kind === 'import-statement' && options.format === 'cjs' && isEsModule(path);
        return isRequired ? { path: specifier, namespace: ES_MODULE } : { path: specifier, external: true };
      });
    },
  };
  return { plugin, found };
}

/**
 * To an importer that Node takes for an ES module, the bundler gives as default all that require() returns, as is right
 * for CommonJS alone. This stands between them, and is no such importer.
 */
function reExport(specifier: string): string {
  const from = JSON.stringify(specifier);
  return `export * from ${from}; export { default } from ${from};`;
}

function isEsModule(path: string): boolean {
  if (!path.endsWith('.js')) return path.endsWith('.mjs');
  const packageJson = findPackageJSON(pathToFileURL(path));
  return packageJson !== undefined && JSON.parse(readFileSync(packageJson, 'utf8')).type === 'module';
}

/** How the bundle refers to a file that is not in it. */
function specifierOf(
  path: string,
  { kind }: OnResolveArgs,
  { folder, place, format }: Parameters<typeof externalPackages>[0],
): string {
  const isUrl = kind === 'dynamic-import' || (format === 'esm' && kind === 'import-statement');
  if (place === 'in-place') return isUrl ? pathToFileURL(path).href : path;
  const beside = `./${relative(folder, path).split(sep).join('/')}`;
  return isUrl ? encodeURI(beside).replace(/[?#]/g, encodeURIComponent) : beside;
}

/** Whether all that a file of a package leads to is scripts that do nothing but compute. */
async function isPlain(path: string): Promise<boolean> {
  const files = await trace([path]);
  return files.every((file) => {
    if (file.endsWith(`${sep}package.json`)) return !hasPlatformParts(file);
    if (file.endsWith('.json')) return true;
    return SCRIPT.test(file) && !NOT_PLAIN.test(readFileSync(file, 'utf8'));
  });
}

/** Native parts for each platform come as optional dependencies, of which one fits. */
function hasPlatformParts(packageJson: string): boolean {
  return Object.keys(JSON.parse(readFileSync(packageJson, 'utf8')).optionalDependencies ?? {}).length > 0;
}
