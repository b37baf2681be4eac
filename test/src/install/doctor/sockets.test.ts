/** The doctor's checks of an agent's sockets. */
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { leaveDeadSocket } from '../../../helpers/unix-sockets.ts';
import { until } from '../../../helpers/until.ts';
import { type Bench, expectFixed, launchdBench, onSystemd } from './bench.ts';

const FAULTS: readonly [what: string, plant: (t: ExecutionContext, path: string) => Promise<void>, message: RegExp][] =
  [
    ['is missing', async (_t, path) => rmSync(path), /^the socket .* is missing: another program removed it$/],
    [
      'is an ordinary file',
      async (_t, path) => {
        rmSync(path);
        writeFileSync(path, '', { mode: 0o600 });
      },
      /is not a socket$/,
    ],
    [
      'is not bound any more',
      async (t, path) => {
        await leaveDeadSocket(t, path);
        chmodSync(path, 0o600);
      },
      /^no process listens at .*: the process that bound it has exited$/,
    ],
  ];

async function fixesBoth(
  t: ExecutionContext,
  bench: Bench,
  [, plant, message]: (typeof FAULTS)[number],
): Promise<void> {
  await bench.install();
  for (const path of Object.values(bench.layout.sockets)) {
    await plant(t, path);
    const [found] = await expectFixed(t, bench, ['socket-dead']);
    t.like(found, { severity: 'problem', label: bench.label });
    t.regex(found?.message ?? '', message);
    t.true(found?.message.includes(path));
    await until(async () => (await bench.status()).process !== undefined);
  }
}

const onSession = onSystemd();

for (const fault of FAULTS) {
  const [what] = fault;
  test.serial(`launchd: a socket that ${what} is replaced`, async (t) => {
    await fixesBoth(t, await launchdBench(t), fault);
  });

  onSession(`systemd: a socket that ${what} is replaced`, (t, bench) => fixesBoth(t, bench, fault));
}
