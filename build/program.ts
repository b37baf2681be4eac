/** Builds the program as the package has it, from the sources as they stand, for those who run it from a checkout. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

export type BuiltProgram = {
  /** The command line, `launchpool.cjs`. */
  readonly path: string;
  remove(): void;
};

/** @throws Error when a part of the building fails; what it has printed is on stderr. */
export function buildProgram(): BuiltProgram {
  // Not dist/, which `npm run build` makes anew meanwhile. Under node_modules, where the packages are found.
  const folder = join(ROOT, 'node_modules', '.cache', `launchpool-program-${process.pid}`);
  const dist = join(folder, 'dist');
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  for (const command of [
    [join(ROOT, 'node_modules', '.bin', 'tsc'), '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', dist],
    [join(ROOT, 'build', 'runtime.ts'), join(dist, 'runtime')],
  ]) {
    // Nothing on stdout: who asked for this may have JSON to print.
    const { status } = spawnSync(process.execPath, command, { stdio: ['ignore', process.stderr.fd, 'inherit'] });
    if (status === 0) continue;
    remove();
    throw new Error(`${command.join(' ')} has failed`);
  }
  return { path: join(dist, 'launchpool.cjs'), remove };
}
