/** Real servers of NATS, on loopback ports, and the packages of packages/nats. They end with their test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { connectNats } from '../../src/nats/connect-nats.ts';
import { findNatsPackage, loadNatsPackage, type NatsLibrary } from '../../src/nats/library.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';
import { parseServers } from '../../src/nats/target.ts';
import { NotTested } from './not-tested.ts';
import { freePort } from './ports.ts';
import { findTool } from './tools.ts';

/** A module of the folder with the packages: for LibraryOptions. */
export const NATS_PROJECT = fileURLToPath(new URL('../../packages/nats/any.js', import.meta.url));

export type NatsServer = {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
};

/**
 * Resolves when the server takes clients.
 * @param args further arguments of nats-server.
 * @param host a loopback address.
 * @throws NotTested without nats-server, or without the packages
 */
export async function startNatsServer(t: ExecutionContext, options: ServerOptions = {}): Promise<NatsServer> {
  const program = findTool('nats-server');
  if (program === undefined) throw new NotTested('nats-server is not installed');
  loadedOrNotTested();
  for (;;) {
    try {
      return await start(t, program, options);
    } catch (error) {
      // Another process was faster.
      if (options.port !== undefined || !/address already in use/.test(String(error))) throw error;
    }
  }
}

type ServerOptions = { args?: readonly string[]; port?: number; host?: string };

async function start(
  t: ExecutionContext,
  program: string,
  { args = [], port, host = '127.0.0.1' }: ServerOptions,
): Promise<NatsServer> {
  const taken = port ?? (await freePort(host));
  const child = spawn(program, ['-a', host, '-p', String(taken), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  t.teardown(kill);
  await ready(child);
  return { url: `nats://${host}:${taken}`, port: taken, process: child, kill };
}

function loadedOrNotTested(): void {
  try {
    findNatsPackage('transport-node', { module: NATS_PROJECT, cwd: '/', own: '/any.js' });
  } catch {
    throw new NotTested('needs npm ci --prefix packages/nats');
  }
}

async function ready(child: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      log += chunk;
      if (log.includes('Server is ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`nats-server has ended: ${log}`)));
  });
}

export function natsLibrary(): Promise<NatsLibrary> {
  return loadNatsPackage<NatsLibrary>('transport-node', { module: NATS_PROJECT });
}

/** A connection that is closed with the test. */
export async function natsConnection(
  t: ExecutionContext,
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<NatsConnection> {
  const connection = await connectNats(parseServers(url), {
    library: await natsLibrary(),
    connectionName: t.title.slice(0, 50),
    env,
  });
  t.teardown(async () => {
    // A write that is under way when the library closes its connection would be an error that nothing catches.
    await new Promise(setImmediate);
    await connection.close();
  });
  return connection;
}
