/**
 * Finds the packages of NATS. They are not among launchpool's dependencies: agents on one machine need none of them. An
 * installed service has them in a file of its version, and any other program in the project of the user.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
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

/** The file that `install --nats` writes at the root of a version. */
export const LIBRARY_FILE = 'launchpool-nats.cjs';

type Package = 'transport-node' | 'services' | 'jetstream';

export type LibraryOptions = {
  /** The path of the user's module, whose project is looked into first. */
  module?: string | undefined;
  /** @default process.cwd() */
  cwd?: string | undefined;
  /** Where launchpool itself is. */
  own?: string | undefined;
};

/**
 * Loads one of the packages `@nats-io/*`.
 * @throws ERR_LAUNCHPOOL_NATS_MISSING, with the command that installs it
 */
export async function loadNatsPackage<Exports>(name: Package, options: LibraryOptions = {}): Promise<Exports> {
  const bundled = options.module === undefined ? undefined : libraryFileAbove(options.module);
  if (bundled !== undefined) {
    const packages = createRequire(bundled)(bundled) as Record<string, Exports>;
    if (packages[name] !== undefined) return packages[name];
  }
  return (await import(pathToFileURL(findNatsPackage(name, options)).href)) as Exports;
}

/**
 * The path of a package's main file.
 * @throws ERR_LAUNCHPOOL_NATS_MISSING
 */
export function findNatsPackage(
  name: Package,
  { module, cwd = process.cwd(), own = fileURLToPath(import.meta.url) }: LibraryOptions = {},
): string {
  const froms = [...(module === undefined ? [] : [module]), join(cwd, 'any.js'), own];
  for (const from of froms) {
    try {
      return createRequire(from).resolve(`@nats-io/${name}`);
    } catch {
      // The next place may have it.
    }
  }
  throw new LaunchpoolError('ERR_LAUNCHPOOL_NATS_MISSING', `the package @nats-io/${name} is not installed`, {
    hint: `NATS is no part of launchpool. In the project, run: npm install @nats-io/${name}`,
  });
}

/** The nearest one in the folders above a module. */
function libraryFileAbove(module: string): string | undefined {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const path = join(folder, LIBRARY_FILE);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
