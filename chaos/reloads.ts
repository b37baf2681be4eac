/** The verb `reloads`: an agent under load reloads its module. No call fails or is answered by an older version. */
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
import { stopInTime } from './stop-timeout.ts';
import type { Verb } from './verb.ts';

/** A reload that takes longer has failed. */
const TIMEOUT_MS = 60_000;
const CHECK_MS = 5;
const THREADS = 2;
/** The product of both is far longer than the start or end of a thread. */
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
  const askVersion = async (): Promise<number> =>
    (await client.call('version', [], { timeoutMs: TIMEOUT_MS })) as number;
  const reloadMs: number[] = [];
  let current = await askVersion();
  await waitForThreads(held);
  const samples = sampleOf(held);
  for (let nth = 1; nth <= times; nth += 1) {
    writeVersion(module, nth);
    await wait(random.between(0, 50));
    const startedAt = performance.now();
    held.signal('SIGHUP');
    while (current < nth && performance.now() - startedAt < TIMEOUT_MS) {
      await wait(CHECK_MS);
      const answer = await askVersion();
      if (answer < current) ledger.fault(`version ${answer} answers after version ${current}`);
      current = answer;
    }
    reloadMs.push(performance.now() - startedAt);
    samples.push(...sampleOf(held));
    if (current < nth) ledger.fault(`version ${nth} was not loaded`);
    progress(`${nth} of ${times} · ${ledger.sent} requests · ${ledger.faults().length} faults`);
    if (ledger.faults().length > 0) break;
  }
  // Sampled under load, so that the number of threads is comparable.
  let growth = reloadFaults(samples);
  for (let checks = 0; growth.length > 0 && checks < SETTLE_CHECKS; checks += 1) {
    await wait(SETTLE_MS);
    samples.splice(-1, 1, ...sampleOf(held));
    growth = reloadFaults(samples);
  }
  for (const fault of growth) ledger.fault(fault);
  client.close();
  await stopInTime([load.stop()], ledger.fault);
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

/** Waits until all threads run, so that no thread starts later. */
async function waitForThreads({ controlPath }: HeldAgent): Promise<void> {
  for (let checks = 0; checks < SETTLE_CHECKS; checks += 1) {
    if ((await requestStatus(controlPath, TIMEOUT_MS)).threads === THREADS) return;
    await wait(SETTLE_MS);
  }
}

/** A list of one sample; empty without /proc. */
function sampleOf({ pid }: HeldAgent): ReloadSample[] {
  const figures = readProcess(pid);
  if (figures === undefined) return [];
  const { rssBytes, descriptors, threads } = figures;
  return [{ rssMiB: mebibytes(rssBytes), descriptors, threads }];
}

/**
 * Writes a new version as an installation does: into a file of its own, to which a link is switched. Threads that start
 * before the reload load the old version through its own path.
 */
function writeVersion(module: string, version: number): void {
  const text = `export * from ${JSON.stringify(BUSY)};\nexport const version = () => ${version};\n`;
  const file = module.replace(/\.ts$/, `-${version}.ts`);
  writeFileSync(file, text);
  symlinkSync(file, `${module}.new`);
  renameSync(`${module}.new`, module);
}
