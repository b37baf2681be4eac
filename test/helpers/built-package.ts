/** The package as it ships, for programs that import it by its name. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { buildProgram } from '../../build/program.ts';

export type BuiltPackage = {
  /** The folder with its package.json. To be read when a test runs. */
  readonly folder: string;
  /** `launchpool/testing`. */
  testing(): Promise<typeof import('../../src/testing/index.ts')>;
  /** `launchpool/client`, whose functions know the clients of `launchpool/testing`. */
  client(): Promise<typeof import('../../src/client/index.ts')>;
  /** Makes the package one of the packages of a project. */
  linkInto(project: string): void;
};

/** To be called while tests are declared. Builds the package before the first test, unless test/run.ts has built it. */
export function builtPackage(): BuiltPackage {
  const program = process.env.LAUNCHPOOL_TEST_PROGRAM;
  let folder = program === undefined ? '' : dirname(dirname(program));
  let remove = (): void => undefined;
  test.before((t) => {
    if (existsSync(join(folder, 'dist', 'src', 'testing', 'index.js'))) return;
    t.timeout(5 * 60_000);
    const built = buildProgram();
    folder = dirname(dirname(built.path));
    ({ remove } = built);
  });
  test.after.always(() => remove());
  const load = (path: string) => import(pathToFileURL(join(folder, 'dist', 'src', path, 'index.js')).href);
  return {
    get folder() {
      return folder;
    },
    testing: () => load('testing'),
    client: () => load('client'),
    linkInto(project) {
      mkdirSync(join(project, 'node_modules'), { recursive: true });
      symlinkSync(folder, join(project, 'node_modules', 'launchpool'));
    },
  };
}
