/** Decides which packages can be bundled, and keeps the others external. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OnResolveArgs, Plugin } from 'esbuild';
import { trace } from './trace.ts';

/**
 * Whether the bundle refers to external files beside it, in their original layout relative to the module, or at their
 * original locations.
 */
export type ExternalLocation = 'mirrored' | 'in-place';

/** Matches code that needs its original location or whose dependencies cannot be found: location, threads, dynamic loads. */
const NOT_BUNDLEABLE =
  /\b__(?:dirname|filename)\b|\bimport\.meta\b|\bcreateRequire\b|\brequire\s*\.|\bworker_threads\b|\bnew\s+Worker\b|\brequire\s*\(\s*[^'"\s)]|\bimport\s*\(\s*[^'"\s)]|\bprocess\.(?:dlopen|binding)\b/;

/** The esbuild namespace of the re-exporting modules. */
const ES_MODULE = 'es-module';

const SCRIPT = /\.[cm]?js$/;

export type ExternalPackages = {
  plugin: Plugin;
  /** The imported files of external packages. */
  files: Set<string>;
};

export function externalPackages(options: {
  /** The folder of the module. */
  folder: string;
  location: ExternalLocation;
  format: 'cjs' | 'esm';
}): ExternalPackages {
  const files = new Set<string>();
  const decided = new Map<string, Promise<boolean>>();

  function isBundleableCached(path: string): Promise<boolean> {
    const known = decided.get(path) ?? isBundleable(path);
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
        const resolveOptions = { importer, namespace, resolveDir, kind, with: attributes, pluginData: plugin };
        const { path, errors, external } = await resolve(args.path, resolveOptions);
        // esbuild handles missing modules and Node's built-in modules.
        if (errors.length > 0 || external) return undefined;
        if (!path.includes(`${sep}node_modules${sep}`)) return undefined;
        // require.resolve() needs an existing path, which a bundled module does not have.
        if (kind !== 'require-resolve' && (await isBundleableCached(path))) return undefined;
        files.add(path);
        const specifier = specifierOf(path, args, options);
        const needsReExport = kind === 'import-statement' && options.format === 'cjs' && isEsModule(path);
        return needsReExport ? { path: specifier, namespace: ES_MODULE } : { path: specifier, external: true };
      });
    },
  };
  return { plugin, files };
}

/**
 * When the importer is an ES module by Node's rules, esbuild's default import of a required module is the whole result of
 * require(), which is right for CommonJS only. A module in between, which is not such an importer, corrects that.
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

/** The specifier by which the bundle refers to an external file. */
function specifierOf(
  path: string,
  { kind }: OnResolveArgs,
  { folder, location, format }: Parameters<typeof externalPackages>[0],
): string {
  const isUrl = kind === 'dynamic-import' || (format === 'esm' && kind === 'import-statement');
  if (location === 'in-place') return isUrl ? pathToFileURL(path).href : path;
  const beside = `./${relative(folder, path).split(sep).join('/')}`;
  return isUrl ? encodeURI(beside).replace(/[?#]/g, encodeURIComponent) : beside;
}

/** Whether a file of a package depends only on scripts that neither need their location nor hide their dependencies. */
async function isBundleable(path: string): Promise<boolean> {
  const files = await trace([path]);
  return files.every((file) => {
    if (file.endsWith(`${sep}package.json`)) return !hasPlatformParts(file);
    if (file.endsWith('.json')) return true;
    return SCRIPT.test(file) && !NOT_BUNDLEABLE.test(readFileSync(file, 'utf8'));
  });
}

/** Packages list the native parts of their platforms as optional dependencies. */
function hasPlatformParts(packageJson: string): boolean {
  return Object.keys(JSON.parse(readFileSync(packageJson, 'utf8')).optionalDependencies ?? {}).length > 0;
}
