/** What an agent costs without launchpool: its packages in `node_modules`, and the time to bundle and to copy them. */
import { lstatSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { readGraph } from '../../src/bundle/graph.ts';
import { collectPackages } from '../../src/bundle/packages.ts';
import { createScope, packageNameOf } from '../../src/bundle/scope.ts';

/** The bytes of the packages that the module imports, with all that their package.json files name. */
export async function packageBytesOf(module: string): Promise<number> {
  const scope = createScope(module);
  const graph = await readGraph([module], scope);
  const requests = [...graph.files.values()]
    .filter(({ path }) => scope.isOwn(path))
    .flatMap(({ path, edges }) =>
      edges.map(({ specifier }) => ({ name: packageNameOf(specifier), from: dirname(path) })),
    )
    .filter((request): request is { name: string; from: string } => request.name !== undefined);
  const { files } = collectPackages(requests, graph, scope);
  return files.reduce((bytes, path) => bytes + lstatSync(path).size, 0);
}

/** Milliseconds that esbuild takes to bundle the module with all packages, and a copy of the installed folder takes. */
export async function floorOf(module: string, installed: string): Promise<number> {
  const started = performance.now();
  // A package that esbuild cannot bundle ends it early, which makes this time shorter.
  await build({
    entryPoints: [module],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'silent',
  }).catch(() => undefined);
  const folder = await mkdtemp(join(tmpdir(), 'lpp-'));
  try {
    await cp(installed, join(folder, 'copy'), { recursive: true, verbatimSymlinks: true });
    return performance.now() - started;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
