/** Paths of sockets at which nobody can be reached. */
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { leaveDeadSocket } from '../../../helpers/unix-sockets.ts';
import { until } from '../../../helpers/until.ts';
import { type Bench, isMended, launchdBench, onSystemd } from './bench.ts';

const FAULTS: readonly [what: string, plant: (t: ExecutionContext, path: string) => Promise<void>, message: RegExp][] =
  [
    ['is gone', async (_t, path) => rmSync(path), /^there is no .*: somebody has removed it$/],
    [
      'is an ordinary file',
      async (_t, path) => {
        rmSync(path);
        writeFileSync(path, '', { mode: 0o600 });
      },
      /is no socket$/,
    ],
    [
      'is the socket of somebody who is gone',
      async (t, path) => {
        await leaveDeadSocket(t, path);
        chmodSync(path, 0o600);
      },
      /^nobody listens at .*who is gone$/,
    ],
  ];

async function mendsBoth(
  t: ExecutionContext,
  bench: Bench,
  [, plant, message]: (typeof FAULTS)[number],
): Promise<void> {
  await bench.install();
  for (const path of Object.values(bench.layout.sockets)) {
    await plant(t, path);
    const [found] = await isMended(t, bench, ['socket-dead']);
    t.like(found, { severity: 'problem', label: bench.label });
    t.regex(found?.message ?? '', message);
    t.true(found?.message.includes(path));
    await until(async () => (await bench.status()).process !== undefined);
  }
}

const onSession = onSystemd();

for (const fault of FAULTS) {
  const [what] = fault;
  test.serial(`launchd: what stands in a socket's place and ${what} is replaced`, async (t) => {
    await mendsBoth(t, await launchdBench(t), fault);
  });

  onSession(`systemd: what stands in a socket's place and ${what} is replaced`, (t, bench) =>
    mendsBoth(t, bench, fault),
  );
}
