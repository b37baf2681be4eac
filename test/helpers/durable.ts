/** Durable services: NATS servers with JetStream, and tasks that a test holds. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { TaskClient } from '../../src/client/index.ts';
import { openTasks } from '../../src/client/nats/open-tasks.ts';
import type { JetStreamLibrary } from '../../src/nats/later/jetstream.ts';
import type { DeadLetterBody } from '../../src/nats/later/task-messages.ts';
import { deadSubject } from '../../src/nats/later/task-names.ts';
import { loadNatsPackage } from '../../src/nats/library.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';
import { NATS_PROJECT, type NatsServer, natsConnection, startNatsServer } from './nats-server.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

/** Its methods tell of their runs by files of the folder that they are given. */
export const TASK_METHODS = `
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
export function add(a: number, b: number): number { return a + b; }
export async function* count(to: number): AsyncGenerator<number> { for (let n = 0; n < to; n += 1) yield n; }
export const long = (length: number): string => 'x'.repeat(length);
const ran: Record<string, number> = {};
/** Fails the first times. */
export function flaky(folder: string, name: string, failures: number): string {
  appendFileSync(join(folder, name), 'run\\n');
  ran[name] = (ran[name] ?? 0) + 1;
  if (ran[name] <= failures) throw Object.assign(new Error('run ' + ran[name] + ' fails'), { code: 'E_FLAKY' });
  return 'ran ' + ran[name] + ' times';
}
/** Runs until there is a file NAME.go. */
export async function held(folder: string, name: string): Promise<number> {
  appendFileSync(join(folder, name), process.pid + '\\n');
  while (!existsSync(join(folder, name + '.go'))) await new Promise((resolve) => setTimeout(resolve, 10));
  return process.pid;
}
`;

export type JetStreamServer = NatsServer & {
  /** Starts it again after a kill, with what it has stored. */
  restart(): Promise<NatsServer>;
};

export async function startJetStream(t: ExecutionContext, args: readonly string[] = []): Promise<JetStreamServer> {
  const folder = await tempDir(t);
  const options = { args: ['-js', '-sd', folder, ...args] };
  const server = await startNatsServer(t, options);
  return { ...server, restart: () => startNatsServer(t, { ...options, port: server.port }) };
}

/** The process ids of the runs that a file tells of, as far as it is written. */
export function runsIn(path: string): number[] {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text.split('\n').filter(Boolean).map(Number);
}

export type HeldTask = {
  /** The process ids of its runs. Resolves when it has run this often. */
  runs(number: number): Promise<number[]>;
  /** Lets it end. */
  release(): void;
};

/** Of the method `held`. */
export function heldTask(folder: string, name: string): HeldTask {
  const pids = (): number[] => runsIn(join(folder, name));
  return {
    async runs(number) {
      await until(() => pids().length >= number);
      return pids();
    },
    release: () => writeFileSync(join(folder, `${name}.go`), ''),
  };
}

/** A client over a connection of its own, which is closed with the test. */
export async function taskClient(t: ExecutionContext, url: string, name: string): Promise<TaskClient> {
  const jetstream = await loadNatsPackage<JetStreamLibrary>('jetstream', { module: NATS_PROJECT });
  return openTasks(`${url}/${name}`, { nats: await natsConnection(t, url), jetstream });
}

/** The dead letters of a service from now on. */
export async function deadLetters(nats: NatsConnection, service: string): Promise<DeadLetterBody[]> {
  const letters: DeadLetterBody[] = [];
  nats.subscribe(deadSubject(service, '*'), {
    callback: (_error, { data }) => letters.push(JSON.parse(Buffer.from(data).toString())),
  });
  await nats.flush();
  return letters;
}
