/** Sets up what the questions `nats` and `nats-balance` ask: a NATS server, the services on it, and a process of clients for each kind. */

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Started, start } from '../processes.ts';
import type { Missing, Prepared } from '../question.ts';
import { missingForNats, NATS_PACKAGES, startInstance, startNatsServer } from './cluster.ts';
import type { LoadFigures, LoadReply, LoadRequest } from './load-messages.ts';

export type NatsPrepared = Prepared & {
  /** Has the clients of this contender measure a cell. @throws Error for a wrong reply, and for none. */
  load(contender: string, request: Omit<LoadRequest, 'url'>): Promise<LoadFigures>;
};

/** Starts what a question needs. What it starts ends with `close`. */
type Services = (url: string, started: Started[]) => Promise<unknown>;

const PROGRAMS = join(import.meta.dirname, 'programs');

/** A NATS server with services. Without the packages, or without the server, all rows are missing. */
export async function prepareNats(kinds: readonly string[], services: Services): Promise<NatsPrepared> {
  const why = missingForNats();
  if (why !== undefined) {
    const missing = kinds.map((contender): Missing => ({ contender, why }));
    return { missing, load: () => Promise.reject(new Error(why)), close: async () => undefined };
  }
  const server = await startNatsServer();
  const started: Started[] = [];
  const clients = new Map<string, Clients>();
  const close = async (): Promise<void> => {
    await Promise.all([...started, ...[...clients.values()].map(({ process }) => process)].map((each) => each.close()));
    await server.close();
  };
  try {
    await services(server.url, started);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    missing: [],
    close,
    load(contender, request) {
      const own = clients.get(contender) ?? startClients();
      clients.set(contender, own);
      return own.measure({ ...request, url: server.url });
    },
  };
}

/** One of the bench's own servers, once it is known to NATS. */
export async function startProgram(name: string, args: readonly string[], started: Started[]): Promise<void> {
  const program = start([process.execPath, join(PROGRAMS, name), ...args], {}, { cwd: NATS_PACKAGES });
  started.push(program);
  await program.firstLine;
}

export async function serveInstance(
  { url, name, threads, env }: { url: string; name: string; threads: number; env?: NodeJS.ProcessEnv },
  started: Started[],
): Promise<void> {
  started.push(await startInstance(url, name, threads, env));
}

type Clients = { process: Started; measure(request: LoadRequest): Promise<LoadFigures> };

/** It stays for all cells and rounds, so that its code is compiled as that of a long-lived client. */
function startClients(): Clients {
  const process_ = start([process.execPath, join(PROGRAMS, 'load.ts')], {}, { cwd: NATS_PACKAGES });
  const lines = createInterface({ input: process_.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return {
    process: process_,
    async measure(request) {
      process_.child.stdin?.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the clients have ended: ${(await process_.ended).stderr.trim()}`);
      const reply = JSON.parse(value as string) as LoadReply;
      if ('error' in reply) throw new Error(reply.error);
      return reply;
    },
  };
}
