/** The doctor's checks of an agent's sockets. */

import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { declareWith } from '../../../helpers/not-tested.ts';
import { leaveDeadSocket } from '../../../helpers/unix-sockets.ts';
import { until } from '../../../helpers/until.ts';
import { type Bench, expectFixed, launchdBench, onSystemd } from './bench.ts';

const it = declareWith(test.serial);

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

async function fixesAll(t: ExecutionContext, bench: Bench): Promise<void> {
  await bench.install();
  for (const path of Object.values(bench.layout.sockets)) {
    for (const [what, plant, message] of FAULTS) {
      await plant(t, path);
      const [found] = await expectFixed(t, bench, ['socket-dead']);
      t.like(found, { severity: 'problem', label: bench.label }, what);
      t.regex(found?.message ?? '', message);
      t.true(found?.message.includes(path));
      await until(async () => (await bench.status()).process !== undefined);
    }
  }
}

const TITLE = `a socket that ${FAULTS.map(([what]) => what).join(', or ')}, is replaced`;

it(`launchd: ${TITLE}`, async (t) => fixesAll(t, await launchdBench(t)));

onSystemd()(`systemd: ${TITLE}`, fixesAll);
