/** An agent under load loads its module anew, many times: no call fails, and none is answered by what is gone. */
import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc } from '../src/client/rpc.ts';
import { requestStatus } from '../src/control/client.ts';
import { BUSY, type HeldAgent, holdAgent } from './agents.ts';
import { createLedger } from './ledger.ts';
import { startLoad } from './load.ts';
import { mebibytes, readProcess } from './process-figures.ts';
import { type ReloadSample, reloadFaults } from './reload-growth.ts';
import { hasStopped } from './timeouts.ts';
import type { Verb } from './verb.ts';

/** A reload that takes longer does not come about. */
const TIMEOUT_MS = 60_000;
const CHECK_MS = 5;
const THREADS = 2;
/** Threads start and end in far less time. */
const SETTLE_CHECKS = 100;
const SETTLE_MS = 100;

export const reloads: Verb = async ({ options: { times }, random, scope, progress }) => {
  const module = join(scope.folder, 'module.ts');
  writeVersion(module, 0);
  const flags = ['--idle', '0', '--threads', String(THREADS), '--min-threads', String(THREADS)];
  const held = await holdAgent(scope, { name: 'reload', module, flags });
  const ledger = createLedger();
  const load = startLoad({ held, ledger, random: random.fork(0), clients: 4, window: 8, kind: 'mixed' });
  const client = await connectRpc(held.socketPath);
  const version = async (): Promise<number> => (await client.call('version', [], { timeoutMs: TIMEOUT_MS })) as number;
  const reloadMs: number[] = [];
  let seen = await version();
  await haveStarted(held);
  const samples = sampleOf(held);
  for (let nth = 1; nth <= times; nth += 1) {
    writeVersion(module, nth);
    await wait(random.between(0, 50));
    const startedAt = performance.now();
    held.signal('SIGHUP');
    while (seen < nth && performance.now() - startedAt < TIMEOUT_MS) {
      await wait(CHECK_MS);
      const is = await version();
      if (is < seen) ledger.fault(`version ${is} answers after version ${seen}`);
      seen = is;
    }
    reloadMs.push(performance.now() - startedAt);
    samples.push(...sampleOf(held));
    if (seen < nth) ledger.fault(`version ${nth} has not come`);
    progress(`${nth} of ${times} · ${ledger.sent} requests · ${ledger.faults().length} faults`);
    if (ledger.faults().length > 0) break;
  }
  // With the load on it still, so that it has as many threads as before.
  let growth = reloadFaults(samples);
  for (let checks = 0; growth.length > 0 && checks < SETTLE_CHECKS; checks += 1) {
    await wait(SETTLE_MS);
    samples.splice(-1, 1, ...sampleOf(held));
    growth = reloadFaults(samples);
  }
  for (const fault of growth) ledger.fault(fault);
  client.close();
  await hasStopped([load.stop()], ledger.fault);
  await ledger.close(0);
  load.close();
  if (held.times('started') !== 1) ledger.fault(`the agent was started ${held.times('started')} times`);
  reloadMs.sort((one, other) => one - other);
  return {
    faults: ledger.faults(),
    figures: {
      times: reloadMs.length,
      requests: ledger.sent,
      fates: ledger.fates(),
      reloadMs: { p50: Math.round(reloadMs[reloadMs.length >> 1] ?? 0), max: Math.round(reloadMs.at(-1) ?? 0) },
      before: samples[0],
      after: samples.at(-1),
      samples,
    },
  };
};

/** All of them, so that there are no more of them later. */
async function haveStarted({ controlPath }: HeldAgent): Promise<void> {
  for (let checks = 0; checks < SETTLE_CHECKS; checks += 1) {
    if ((await requestStatus(controlPath, TIMEOUT_MS)).threads === THREADS) return;
    await wait(SETTLE_MS);
  }
}

/** One, where there is something to read. */
function sampleOf({ pid }: HeldAgent): ReloadSample[] {
  const figures = readProcess(pid);
  if (figures === undefined) return [];
  const { rssBytes, descriptors, threads } = figures;
  return [{ rssMiB: mebibytes(rssBytes), descriptors, threads }];
}

/**
 * As an installation does it: a version is written once and never changed, and a link leads to it. Threads that start
 * before the reload find the old one then.
 */
function writeVersion(module: string, version: number): void {
  const text = `export * from ${JSON.stringify(BUSY)};\nexport const version = () => ${version};\n`;
  const file = module.replace(/\.ts$/, `-${version}.ts`);
  writeFileSync(file, text);
  symlinkSync(file, `${module}.new`);
  renameSync(`${module}.new`, module);
}
