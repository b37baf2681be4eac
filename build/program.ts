/** Builds the program as the package ships it, from the sources of a checkout. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

export type BuiltProgram = {
  /** The command line, `launchpool.cjs`. */
  readonly path: string;
  remove(): void;
};

/** @throws Error when a command of the build fails; its output is on stderr. */
export function buildProgram(): BuiltProgram {
  // Not in dist/, which `npm run build` replaces. Below node_modules, so that the packages are resolved.
  const folder = join(ROOT, 'node_modules', '.cache', `launchpool-program-${process.pid}`);
  const dist = join(folder, 'dist');
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  for (const command of [
    [join(ROOT, 'node_modules', '.bin', 'tsc'), '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', dist],
    [join(ROOT, 'build', 'runtime.ts'), join(dist, 'runtime')],
  ]) {
    // Nothing on stdout: the calling program may print JSON there.
    const { status, signal } = spawnSync(process.execPath, command, {
      stdio: ['ignore', process.stderr.fd, 'inherit'],
    });
    if (status === 0) continue;
    remove();
    throw new Error(`${command.join(' ')} failed with ${signal ?? `exit status ${status}`}`);
  }
  return { path: join(dist, 'launchpool.cjs'), remove };
}
