/** An agent under load loads its module anew, many times: no call fails, and none is answered by what is gone. */
import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc } from '../src/client/rpc.ts';
import { BUSY, holdAgent } from './agents.ts';
import { createLedger } from './ledger.ts';
import { startLoad } from './load.ts';
import { mebibytes, readProcess } from './process-figures.ts';
import type { Verb } from './verb.ts';

/** A reload that takes longer does not come about. */
const LONGEST_MS = 60_000;
const LOOK_MS = 5;
const PATIENCE_MS = 30_000;

export const reloads: Verb = async ({ options: { times }, random, scope, progress }) => {
  const module = join(scope.folder, 'module.ts');
  writeVersion(module, 0);
  const held = await holdAgent(scope, { name: 'reload', module, flags: ['--idle', '0', '--threads', '2'] });
  const ledger = createLedger();
  const load = startLoad({ held, ledger, random: random.fork(0), clients: 4, window: 8, kind: 'mixed' });
  const client = await connectRpc(held.socketPath);
  const version = async (): Promise<number> => (await client.call('version', [], { timeoutMs: LONGEST_MS })) as number;
  const reloadMs: number[] = [];
  let seen = await version();
  const before = readProcess(held.pid);
  for (let nth = 1; nth <= times; nth += 1) {
    writeVersion(module, nth);
    await wait(random.between(0, 50));
    const startedAt = performance.now();
    held.signal('SIGHUP');
    while (seen < nth && performance.now() - startedAt < LONGEST_MS) {
      await wait(LOOK_MS);
      const is = await version();
      if (is < seen) ledger.fault(`version ${is} answers after version ${seen}`);
      seen = is;
    }
    reloadMs.push(performance.now() - startedAt);
    if (seen < nth) ledger.fault(`version ${nth} has not come`);
    progress(`${nth} of ${times} · ${ledger.sent} requests · ${ledger.faults().length} faults`);
    if (ledger.faults().length > 0) break;
  }
  client.close();
  await Promise.race([load.stop(), wait(PATIENCE_MS, undefined, { ref: false })]);
  await ledger.close(0);
  load.close();
  const after = readProcess(held.pid);
  if (held.times('started') !== 1) ledger.fault(`the agent was started ${held.times('started')} times`);
  reloadMs.sort((one, other) => one - other);
  const figuresOf = (figures: typeof before): object | undefined =>
    figures && { ...figures, rssBytes: undefined, rssMiB: mebibytes(figures.rssBytes) };
  return {
    faults: ledger.faults(),
    figures: {
      times: reloadMs.length,
      requests: ledger.sent,
      fates: ledger.fates(),
      reloadMs: { p50: Math.round(reloadMs[reloadMs.length >> 1] ?? 0), max: Math.round(reloadMs.at(-1) ?? 0) },
      before: figuresOf(before),
      after: figuresOf(after),
    },
  };
};

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
