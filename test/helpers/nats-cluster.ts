/** Three NATS servers that are one cluster, and instances of a service on it, each a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { ENTRY } from './agent.ts';
import { type NatsServer, natsConnection, startNatsServer } from './nats-server.ts';
import { freePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';

/** Linux has all of these on its loopback interface, and no other test listens on them. */
const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];

export type NatsCluster = {
  readonly servers: NatsServer[];
  /** The addresses of all servers, as one text for `--nats` and, with a name, for clients. */
  readonly url: string;
  /** Starts a server again that was killed, at its address. */
  restart(index: number): Promise<void>;
};

/**
 * Resolves when messages get from each server to each other one.
 * @param hasJetStream whether each server stores messages, in a folder of its own.
 */
export async function startNatsCluster(t: ExecutionContext, { hasJetStream = false } = {}): Promise<NatsCluster> {
  const folder = hasJetStream ? await tempDir(t) : '';
  const storage = (index: number): string[] =>
    hasJetStream ? ['-js', '-sd', join(folder, String(index)), '-n', `server-${index}`] : [];
  const routes = await Promise.all(HOSTS.map(async (host) => `nats://${host}:${await freePort(host)}`));
  const start = (index: number, port?: number): Promise<NatsServer> =>
    startNatsServer(t, {
      host: HOSTS[index] as string,
      ...(port !== undefined && { port }),
      args: [
        ...['--cluster_name', 'tested', '--cluster', routes[index] as string, '--routes', routes.join(',')],
        ...storage(index),
      ],
    });
  const servers = await Promise.all(HOSTS.map((_, index) => start(index)));
  await connected(t, servers);
  return {
    servers,
    url: `nats://${servers.map(({ url }) => url.slice('nats://'.length)).join(',')}`,
    async restart(index) {
      servers[index] = await start(index, servers[index]?.port);
    },
  };
}

async function connected(t: ExecutionContext, servers: readonly NatsServer[]): Promise<void> {
  const connections = await Promise.all(servers.map(({ url }) => natsConnection(t, url)));
  for (const [index, each] of connections.entries()) {
    each.subscribe(`probe.${index}`, {
      callback: (_error, { reply }) => reply !== undefined && each.publish(reply, new Uint8Array(1)),
    });
  }
  for (const from of connections) {
    for (const index of connections.keys()) while (!(await answers(from, `probe.${index}`)));
  }
  await Promise.all(connections.map((each) => each.close()));
}

async function answers(nats: Awaited<ReturnType<typeof natsConnection>>, subject: string): Promise<boolean> {
  try {
    await nats.request(subject, new Uint8Array(), { timeout: 200 });
    return true;
  } catch {
    return false;
  }
}

export type ServedInstance = {
  readonly process: ChildProcess;
  /** Resolves with the exit status, or the name of the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
};

/** Resolves when the instance is known to NATS. */
export async function startInstance(
  t: ExecutionContext,
  module: string,
  url: string,
  flags: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServedInstance> {
  const child = spawn(process.execPath, [ENTRY, 'serve', module, '--nats', url, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // An instance that is killed leaves its temporary files.
    env: { ...env, TMPDIR: await tempDir(t) },
  });
  const ended = once(child, 'exit').then(([status, signal]): number | NodeJS.Signals => status ?? signal);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let log = '';
  const serving = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // The pipe is read to the end: an instance must not wait for it.
      if (log.length < 100_000) log += text;
      if (log.includes('nats-serving')) resolve();
    });
    void ended.then((status) => reject(new Error(`serve has ended with ${status}: ${log}`)));
  });
  await serving;
  return { process: child, ended };
}
