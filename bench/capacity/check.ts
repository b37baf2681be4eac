/** Offers a load to real instances on this machine, as a check of the simulation. */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { askInstances } from '../../src/client/nats/discovery.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { connectNats } from '../../src/nats/connect-nats.ts';
import { loadNatsPackage, type NatsLibrary } from '../../src/nats/library.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';
import { parseServers } from '../../src/nats/target.ts';
import { builtProgram } from '../installed/program.ts';
import { start } from '../processes.ts';
import type { Demand } from './instances.ts';
import { quantile } from './queue.ts';
import { createRandom, exponential } from './random.ts';

const NAME = 'capacity';
/** The service times are those of requests that wait: on one machine, instances that compute would share its processors. */
const MODULE = `export const work = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, 0));\n`;
const PACKAGES = join(import.meta.dirname, '..', '..', 'packages', 'nats');
const WARM_UP_SECONDS = 2;
const READY_MS = 60_000;

export type CheckFigures = {
  requests: number;
  failed: number;
  perSecond: number;
  meanMs: number;
  p50Ms: number;
  p99Ms: number;
};

/** @param folder for temporary files. @throws Error without nats-server or the packages */
export async function measureCluster(
  { perSecond, times, placesEach, seed }: Demand,
  { folder, instances, seconds }: { folder: string; instances: number; seconds: number },
): Promise<CheckFigures> {
  const library = await loadNatsPackage<NatsLibrary>('transport-node', { module: join(PACKAGES, 'any.js') });
  const url = await startServer();
  const module = await writeProject(folder);
  const program = await builtProgram();
  const flags = ['--nats', url, '--name', NAME, '--threads', '1', '--concurrency', String(placesEach)];
  for (let index = 0; index < instances; index += 1)
    start([process.execPath, program, 'serve', module, ...flags, '--log-level', 'silent']);
  const nats = await connectNats(parseServers(url), { library, connectionName: 'launchpool capacity' });
  await untilServed(nats, instances);
  const client = await connectRpc(`${url}/${NAME}`, { nats });
  const random = createRandom(seed);
  const responses: number[] = [];
  let failed = 0;
  const open = new Set<Promise<void>>();
  const call = async (counts: boolean): Promise<void> => {
    const from = performance.now();
    try {
      await client.call('work', [times.draw(random)]);
      if (counts) responses.push(performance.now() - from);
    } catch {
      if (counts) failed += 1;
    }
  };
  const begin = performance.now();
  const countsFrom = begin + WARM_UP_SECONDS * 1000;
  const end = countsFrom + seconds * 1000;
  for (let next = begin; next < end; next += exponential(random, 1000 / perSecond)) {
    const early = next - performance.now();
    if (early > 1) await wait(early);
    const sent = call(next >= countsFrom).finally(() => open.delete(sent));
    open.add(sent);
  }
  await Promise.all(open);
  client.close();
  await nats.close();
  await rm(folder, { recursive: true, force: true });
  const sorted = Float64Array.from(responses).sort();
  return {
    requests: sorted.length + failed,
    failed,
    perSecond: (sorted.length + failed) / seconds,
    meanMs: sorted.reduce((sum, each) => sum + each, 0) / sorted.length,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

/** @returns its address, once it takes clients. */
async function startServer(): Promise<string> {
  const port = await freePort();
  const server = start(['nats-server', '-a', '127.0.0.1', '-p', String(port)]);
  let failure: unknown;
  server.ended.then(
    ({ stderr }) => (failure = new Error(`nats-server has ended: ${stderr}`)),
    (error) => (failure = error),
  );
  while (!(await answers(port))) {
    if (failure !== undefined) throw failure;
    await wait(20);
  }
  return `nats://127.0.0.1:${port}`;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A project in which `serve` finds the packages of NATS. @returns the path of its module. */
async function writeProject(folder: string): Promise<string> {
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(join(PACKAGES, 'node_modules', '@nats-io'), join(folder, 'node_modules', '@nats-io'));
  await writeFile(join(folder, 'work.ts'), MODULE);
  return join(folder, 'work.ts');
}

async function untilServed(nats: NatsConnection, instances: number): Promise<void> {
  const end = performance.now() + READY_MS;
  for (let found = 0; found < instances; ) {
    if (performance.now() > end) throw new Error(`${found} of ${instances} instances serve after ${READY_MS / 1000} s`);
    found = 0;
    await askInstances(nats, { verb: 'INFO', name: NAME, inboxPrefix: '_INBOX' }, () => {
      found += 1;
    });
    await wait(100);
  }
}
