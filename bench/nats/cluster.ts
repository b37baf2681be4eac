/** A NATS server and instances of a service on it, each a process of its own, which end with the bench. */
import { join } from 'node:path';
import { connectNats } from '../../src/nats/connect-nats.ts';
import { findNatsPackage, loadNatsPackage, type NatsLibrary } from '../../src/nats/library.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';
import { parseServers } from '../../src/nats/target.ts';
import { freePort } from '../../test/helpers/ports.ts';
import { findTool } from '../../test/helpers/tools.ts';
import { builtProgram } from '../installed/program.ts';
import { type Started, start } from '../processes.ts';

/** Where the packages of NATS are: the working folder of all programs that need them. */
export const NATS_PACKAGES: string = join(import.meta.dirname, '..', '..', 'packages', 'nats');
export const HANDLERS: string = join(import.meta.dirname, 'handlers.ts');

const HOST = '127.0.0.1';
/** Far above what a start takes on a machine with other work. */
const READY_MS = 120_000;

/** What this machine lacks, and how to get it; undefined if nothing. */
export function missingForNats(find: typeof findTool = findTool, packages: string = NATS_PACKAGES): string | undefined {
  if (find('nats-server') === undefined) return 'not installed: nats-server';
  try {
    findNatsPackage('services', { module: join(packages, 'any.js'), cwd: '/', own: '/any.js' });
    return undefined;
  } catch {
    return 'not installed: npm ci --prefix packages/nats';
  }
}

/** @returns the address of the server, once it takes clients. */
export async function startNatsServer(): Promise<{ url: string; close(): Promise<void> }> {
  const port = await freePort(HOST);
  const server = start([findTool('nats-server') as string, '-a', HOST, '-p', String(port)]);
  await ready(server, 'Server is ready');
  return { url: `nats://${HOST}:${port}`, close: () => server.close() };
}

/** `launchpool serve` with the handlers of the bench, once it is known to NATS. */
export async function startInstance(
  url: string,
  name: string,
  threads: number,
  env: NodeJS.ProcessEnv = {},
): Promise<Started> {
  const serve = ['serve', HANDLERS, '--nats', url, '--name', name, '--threads', String(threads)];
  const instance = start([process.execPath, await builtProgram(), ...serve], env, { cwd: NATS_PACKAGES });
  await ready(instance, 'nats-serving');
  return instance;
}

export function natsPackage<Exports>(name: 'transport-node' | 'services'): Promise<Exports> {
  return loadNatsPackage<Exports>(name, { module: join(NATS_PACKAGES, 'any.js') });
}

export async function openConnection(url: string): Promise<NatsConnection> {
  const library = await natsPackage<NatsLibrary>('transport-node');
  return connectNats(parseServers(url), { library, connectionName: 'launchpool bench', env: {} });
}

/** Resolves with this text on standard error. */
async function ready(started: Started, text: string): Promise<void> {
  let log = '';
  const found = Promise.withResolvers<void>();
  const late = setTimeout(() => found.reject(new Error(`not ready in time: ${log.slice(-500)}`)), READY_MS);
  const onData = (chunk: string): void => {
    log += chunk;
    if (log.includes(text)) found.resolve();
  };
  started.child.stderr?.on('data', onData);
  void started.ended
    .then(({ status, stderr }) => found.reject(new Error(`it ended with status ${status}: ${stderr.trim()}`)))
    .catch(found.reject);
  try {
    await found.promise;
  } catch (error) {
    await started.close();
    throw error;
  } finally {
    clearTimeout(late);
    started.child.stderr?.off('data', onData);
  }
}
