/** What launchpool cannot do as Node does, refused before anything is compiled. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getTsconfig } from 'get-tsconfig';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Graph } from './graph.ts';
import { moduleFoldersOf, type Scope } from './scope.ts';

/** @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED when the packages of the module are in no `node_modules`. */
export function refusePlugAndPlay(module: string): void {
  for (let at = dirname(module); ; at = dirname(at)) {
    const file = ['.pnp.cjs', '.pnp.js'].map((name) => join(at, name)).find((path) => existsSync(path));
    if (file !== undefined && !moduleFoldersOf(dirname(module)).some((folder) => existsSync(folder))) {
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
        `${module} uses Yarn Plug'n'Play (${file}), which launchpool does not support`,
        { hint: 'Install the packages into a node_modules: yarn config set nodeLinker node-modules && yarn install.' },
      );
    }
    if (at === dirname(at)) return;
  }
}

/** @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED when a source needs what the compiler does not write. */
export function refuseDecoratorMetadata({ files }: Graph, scope: Scope): void {
  for (const { path } of files.values()) {
    if (!/\.[cm]?tsx?$/.test(path) || !scope.isOwn(path)) continue;
    if (!/^\s*@[\w$]/m.test(readFileSync(path, 'utf8'))) continue;
    const found = getTsconfig(path);
    if (found?.config.compilerOptions?.emitDecoratorMetadata !== true) continue;
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
      `${path} has decorators, and ${found.path} asks for emitDecoratorMetadata, which launchpool does not write`,
      { hint: 'Compile the sources with `tsc`, and install the JavaScript that it writes.' },
    );
  }
}
