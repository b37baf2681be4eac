/**
 * A cluster under load while servers and instances end and start. A ledger of all calls, beside what the instances have run, shows
 * whether every call had one outcome, and which ran how often.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { connectRpc, type RpcClient } from '../../src/client/rpc.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { type NatsCluster, type ServedInstance, startInstance, startNatsCluster } from './nats-cluster.ts';
import { natsConnection } from './nats-server.ts';
import { natsProject } from './served-agent.ts';

const CLIENTS = 16;
const OPEN_PER_CLIENT = 4;
const NAME = 'ledger';

/** Each run is one short write, which the system appends whole. */
const MODULE = `
import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
const file = process.env.RUNS_FILE as string;
export async function work(key: string, ms: number): Promise<string> {
  appendFileSync(file, key + '\\n');
  await new Promise((resolve) => setTimeout(resolve, ms));
  return key;
}
export async function* count(key: string, to: number): AsyncGenerator<number> {
  appendFileSync(file, key + '\\n');
  for (let value = 0; value < to; value += 1) yield value;
}
`;

type Entry = {
  key: string;
  isRepeatable: boolean;
  isStream: boolean;
  /** The result, or the code of the error. */
  outcome?: string;
  /** When it was lost, for an outcome that is unknown. */
  atMs?: number;
  outcomes: number;
};

export type LedgerReport = {
  calls: number;
  outcomes: Record<string, number>;
  /** How long after a kill the last outcome was told that is unknown, by kill, in milliseconds. */
  noticedMs: Record<string, number>;
  runTwice: number;
};

/** @throws Error if the ledger does not close */
export async function runLedger(t: ExecutionContext, durationMs: number): Promise<LedgerReport> {
  const cluster = await startNatsCluster(t);
  const module = await natsProject(t, MODULE);
  const runsFile = join(dirname(module), 'runs.txt');
  writeFileSync(runsFile, '');
  const env = { ...process.env, RUNS_FILE: runsFile };
  const start = (): Promise<ServedInstance> =>
    startInstance(t, module, cluster.url, ['--name', NAME, '--threads', '1', '--drain', '30'], env);
  const instances = await Promise.all(Array.from({ length: 5 }, start));
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async () =>
      connectRpc(`${cluster.url}/${NAME}`, { nats: await natsConnection(t, cluster.url) }),
    ),
  );

  const entries: Entry[] = [];
  const ending = new AbortController();
  const loads = clients.flatMap((client, index) =>
    Array.from({ length: OPEN_PER_CLIENT }, () => callOnAndOn(client, index, entries, ending.signal)),
  );
  const kills = await disturb(cluster, instances, start, durationMs);
  ending.abort();
  await Promise.all(loads);
  for (const client of clients) client.close();
  return close(entries, runsOf(runsFile), kills);
}

async function callOnAndOn(client: RpcClient, index: number, entries: Entry[], signal: AbortSignal): Promise<void> {
  for (let call = 0; !signal.aborted; call += 1) {
    const key = `${index}-${entries.length}-${call}`;
    const entry: Entry = { key, isRepeatable: call % 3 === 0, isStream: call % 10 === 9, outcomes: 0 };
    entries.push(entry);
    try {
      entry.outcome = entry.isStream ? await readCount(client, key) : await callWork(client, entry);
    } catch (error) {
      const { code } = error as LaunchpoolError;
      entry.outcome = String(code);
      if (code === 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN') entry.atMs = performance.now();
      // Without an instance, it would try again without a pause.
      else await wait(20);
    }
    entry.outcomes += 1;
  }
}

async function callWork(client: RpcClient, { key, isRepeatable }: Entry): Promise<string> {
  const result = await client.call('work', [key, 5], { repeatable: isRepeatable });
  return result === key ? 'result' : `wrong: ${String(result)}`;
}

async function readCount(client: RpcClient, key: string): Promise<string> {
  let next = 0;
  for await (const value of client.open('count', [key, 500])) {
    if (value !== next) return `wrong: ${String(value)}`;
    next += 1;
  }
  return next === 500 ? 'result' : `wrong: an end after ${next}`;
}

/** @returns when what was killed. */
async function disturb(
  { servers, restart }: NatsCluster,
  [first, second]: readonly ServedInstance[],
  start: () => Promise<ServedInstance>,
  durationMs: number,
): Promise<Map<string, number>> {
  const kills = new Map<string, number>();
  const pause = (): Promise<void> => wait(durationMs / 6);
  await pause();
  kills.set('a server', performance.now());
  await servers[1]?.kill();
  await pause();
  kills.set('an instance', performance.now());
  first?.process.kill('SIGKILL');
  await pause();
  second?.process.kill('SIGTERM');
  const status = await second?.ended;
  if (status !== 0) throw new Error(`the instance that was asked to leave ended with ${status}`);
  await restart(1);
  await pause();
  await Promise.all([start(), start()]);
  await pause();
  await pause();
  return kills;
}

function runsOf(file: string): Map<string, number> {
  const runs = new Map<string, number>();
  for (const key of readFileSync(file, 'utf8').split('\n')) if (key !== '') runs.set(key, (runs.get(key) ?? 0) + 1);
  return runs;
}

const NOT_RUN: ReadonlySet<string> = new Set(['ERR_LAUNCHPOOL_CONNECT_FAILED', 'ERR_LAUNCHPOOL_BUSY']);

function close(
  entries: readonly Entry[],
  runs: ReadonlyMap<string, number>,
  kills: ReadonlyMap<string, number>,
): LedgerReport {
  const outcomes: Record<string, number> = {};
  const noticedMs: Record<string, number> = {};
  const faults: string[] = [];
  let runTwice = 0;
  for (const { key, isRepeatable, isStream, outcome = 'none', outcomes: count, atMs } of entries) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    const ran = runs.get(key) ?? 0;
    if (ran > 1) runTwice += 1;
    const [from, to] =
      outcome === 'result'
        ? [1, 1]
        : NOT_RUN.has(outcome)
          ? [0, 0]
          : outcome === 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN'
            ? [0, 1]
            : [1, 0];
    const isRight = ran >= from && ran <= (isRepeatable && !isStream ? 2 : to);
    if (count !== 1 || !isRight) faults.push(`${key}: ${outcome}, ${count} outcomes, ran ${ran} times`);
    if (atMs === undefined) continue;
    const [kill, killedAtMs] = [...kills].findLast(([, at]) => at <= atMs) ?? ['no kill', atMs];
    noticedMs[kill] = Math.max(noticedMs[kill] ?? 0, Math.round(atMs - killedAtMs));
  }
  const known = new Set(entries.map(({ key }) => key));
  for (const key of runs.keys()) if (!known.has(key)) faults.push(`${key} ran, and was not called`);
  if (faults.length > 0) throw new Error(`the ledger does not close:\n${faults.slice(0, 20).join('\n')}`);
  return { calls: entries.length, outcomes, noticedMs, runTwice };
}
