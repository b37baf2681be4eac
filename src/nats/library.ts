/**
 * Finds the packages of NATS. They are not among launchpool's dependencies: agents on one machine need none of them. An
 * installed service has them in a file of its version, and any other program in the project of the user.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { NatsConnection, NatsHeaders, NatsService, ServiceConfig } from './nats-types.ts';

/** What the packages of the project export, as far as it is used. */
export type NatsLibrary = {
  connect(options: object): Promise<NatsConnection>;
  headers(): NatsHeaders;
  credsAuthenticator(credentials: Uint8Array): unknown;
  nkeyAuthenticator(seed: Uint8Array): unknown;
};

export type NatsServices = {
  Svcm: new (connection: NatsConnection) => { add(config: ServiceConfig): Promise<NatsService> };
};

/**
 * Not imported by its name: a file with that name in its code knows where it is, for the bundler of agents, and the agents that
 * load `launchpool/client` could not be one file. This one finds the same in a bundle.
 */
// biome-ignore lint/complexity/useLiteralKeys: by its name, the bundler of agents would see what it looks for.
const requireFrom = process.getBuiltinModule('node:module')['createRequire'];

/** The file that `install --nats` writes at the root of a version. */
export const LIBRARY_FILE = 'launchpool-nats.cjs';

type Package = 'transport-node' | 'services' | 'jetstream';

export type LibraryOptions = {
  /** The path of the user's module, whose project is looked into first. */
  module?: string | undefined;
  /** @default process.cwd() */
  cwd?: string | undefined;
  /** @default the file with which the process was started: a program, or launchpool itself */
  own?: string | undefined;
};

/**
 * Loads one of the packages `@nats-io/*`.
 * @throws ERR_LAUNCHPOOL_NATS_MISSING, with the command that installs it
 */
export async function loadNatsPackage<Exports>(name: Package, options: LibraryOptions = {}): Promise<Exports> {
  const bundled = options.module === undefined ? undefined : libraryFileAbove(options.module);
  if (bundled !== undefined) {
    const packages = requireFrom(bundled)(bundled) as Record<string, Exports>;
    if (packages[name] !== undefined) return packages[name];
  }
  const path = findNatsPackage(name, options);
  return requireFrom(path)(path) as Exports;
}

/**
 * The path of a package's main file.
 * @throws ERR_LAUNCHPOOL_NATS_MISSING
 */
export function findNatsPackage(
  name: Package,
  { module, cwd = process.cwd(), own = startedFile() }: LibraryOptions = {},
): string {
  for (const from of [module, join(cwd, 'any.js'), own]) {
    if (from === undefined) continue;
    try {
      return requireFrom(from).resolve(`@nats-io/${name}`);
    } catch {
      // The next place may have it.
    }
  }
  throw new LaunchpoolError('ERR_LAUNCHPOOL_NATS_MISSING', `the package @nats-io/${name} is not installed`, {
    hint: `NATS is no part of launchpool. In the project, run: npm install @nats-io/${name}`,
  });
}

/** Links to programs, such as those in `node_modules/.bin`, are followed. */
function startedFile(): string | undefined {
  const [, path] = process.argv;
  return path !== undefined && existsSync(path) ? realpathSync(path) : undefined;
}

/** The nearest one in the folders above a module. */
function libraryFileAbove(module: string): string | undefined {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const path = join(folder, LIBRARY_FILE);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
