/** Changes of an agent while the doctor checks it. */

import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import type { JobStatus, Supervisor } from '../../../../job/supervisor.ts';
import { lockFolder } from '../../../../src/install/lock.ts';
import { uninstall } from '../../../../src/install/uninstall.ts';
import { declareWith } from '../../../helpers/not-tested.ts';
import { idsOf, type LaunchdBench, launchdBench } from './bench.ts';

const it = declareWith(test.serial);

/** Reports the given status once, and the real one from then on. */
function withFirstStatus({ supervisor }: LaunchdBench, first: JobStatus): Supervisor {
  const statuses = [first];
  return { ...supervisor, status: async (label) => statuses.shift() ?? supervisor.status(label) };
}

for (const [what, first] of [
  ['crashed', { state: 'failed', listening: true }],
  ['disabled', { state: 'disabled', listening: false }],
] as const satisfies readonly (readonly [string, JobStatus])[]) {
  it(`an agent that is ${what} at the first check only has no finding`, async (t) => {
    const bench = await launchdBench(t);
    await bench.install();
    bench.launchd.commands.length = 0;
    for (const fix of [false, true]) {
      t.deepEqual(await bench.doctor({ supervisor: withFirstStatus(bench, first), fix }), []);
    }
    t.deepEqual(
      bench.launchd.commands.filter(([, verb]) => !verb?.startsWith('print')),
      [],
    );
  });
}

it('a socket that is missing at the first check only is no finding', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const { agent } = bench.layout.sockets;
  const supervisor: Supervisor = {
    ...bench.supervisor,
    async status(label) {
      const isFirst = existsSync(agent);
      renameSync(isFirst ? agent : `${agent}.moved`, isFirst ? `${agent}.moved` : agent);
      return bench.supervisor.status(label);
    },
  };
  t.deepEqual(await bench.doctor({ supervisor }), []);
  t.true(existsSync(agent));
});

it('a fix waits until another installation or uninstallation ends', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  chmodSync(bench.plist, 0o664);
  const unlock = await lockFolder(bench.layout.folder);
  const fixing = bench.doctor({ fix: true });
  t.deepEqual(idsOf(await bench.doctor()), ['mode-too-wide']);
  await wait(500);
  t.is(statSync(bench.plist).mode & 0o777, 0o664);
  unlock();
  t.like(await fixing, [{ id: 'mode-too-wide', fixed: true }]);
  rmSync(join(bench.layout.current, 'launchpool.cjs'));
  const [, findings] = await Promise.all([uninstall(bench), bench.doctor({ fix: true })]);
  t.deepEqual(findings, []);
});

it('an agent that is uninstalled during the checks does not stop the checks of other agents', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const other = 'com.example.another';
  await bench.install({ label: other });
  rmSync(join(dirname(bench.layout.folder), other, 'current'));
  const supervisor: Supervisor = {
    ...bench.supervisor,
    async status(label) {
      rmSync(bench.layout.record, { force: true });
      return bench.supervisor.status(label);
    },
  };
  t.deepEqual(idsOf(await bench.doctor({ label: undefined, supervisor })), ['program-gone']);
});
