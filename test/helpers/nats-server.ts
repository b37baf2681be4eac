/** Real NATS servers on loopback addresses, and the packages of NATS: `npm ci --prefix packages/nats`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { NatsConnection, NatsOptions } from '../../src/nats/nats-types.ts';
import { NotTested } from './not-tested.ts';
import { freePort } from './ports.ts';

/** A project that has the packages. */
export const NATS_PROJECT: string = fileURLToPath(new URL('../../packages/nats', import.meta.url));

export type NatsServer = {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Ends it by a signal; resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
};

export type NatsServerOptions = {
  host?: string;
  /** @default a free one */
  port?: number;
  /** Further arguments of the program. */
  args?: readonly string[];
};

/** Starts a server that ends with the test. @throws NotTested if there is none on this machine. */
export async function startNatsServer(
  t: ExecutionContext,
  { host = '127.0.0.1', port, args = [] }: NatsServerOptions = {},
): Promise<NatsServer> {
  for (;;) {
    const chosen = port ?? (await freePort(host));
    const child = spawn('nats-server', ['-a', host, '-p', String(chosen), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const server: NatsServer = {
      url: `nats://${host}:${chosen}`,
      port: chosen,
      process: child,
      async kill(signal = 'SIGKILL') {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      },
    };
    t.teardown(() => server.kill());
    if (await isReady(child)) return server;
    // Another process has taken the port in the meantime.
    if (port !== undefined) throw new Error(`nats-server does not listen on port ${port}`);
  }
}

async function isReady(child: ChildProcess): Promise<boolean> {
  const failed = once(child, 'error').then(([error]) => {
    throw error.code === 'ENOENT' ? new NotTested('needs nats-server') : error;
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stderr as NonNullable<ChildProcess['stderr']> });
  const ready = new Promise<boolean>((resolve) => {
    lines.on('line', (line) => line.includes('Server is ready') && resolve(true));
    child.once('exit', () => resolve(false));
  });
  return Promise.race([ready, failed]);
}

type TransportNode = { connect(options: NatsOptions): Promise<NatsConnection> };

/** A connection that is closed after the test. @throws NotTested if the packages are not installed. */
export async function connectNats(t: ExecutionContext, options: NatsOptions): Promise<NatsConnection> {
  const nats = await loadNats().connect(options);
  t.teardown(() => nats.close());
  return nats;
}

function loadNats(): TransportNode {
  try {
    return createRequire(join(NATS_PROJECT, 'package.json'))('@nats-io/transport-node');
  } catch {
    throw new NotTested('needs npm ci --prefix packages/nats');
  }
}
