/** What happens to an agent while the doctor looks at it. */
import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import type { JobStatus, Supervisor } from '../../../../job/supervisor.ts';
import { lockFolder } from '../../../../src/install/lock.ts';
import { uninstall } from '../../../../src/install/uninstall.ts';
import { idsOf, type LaunchdBench, launchdBench } from './bench.ts';

const it = test.serial;

/** Says that of it at first, and what is so from then on. */
function saidAtFirst({ supervisor }: LaunchdBench, first: JobStatus): Supervisor {
  const said = [first];
  return { ...supervisor, status: async (label) => said.shift() ?? supervisor.status(label) };
}

for (const [what, first] of [
  ['crashed', { state: 'failed', listening: true }],
  ['switched off', { state: 'disabled', listening: false }],
] as const satisfies readonly (readonly [string, JobStatus])[]) {
  it(`an agent that is ${what} only at the first look is healthy`, async (t) => {
    const bench = await launchdBench(t);
    await bench.install();
    bench.launchd.commands.length = 0;
    for (const fix of [false, true]) {
      t.deepEqual(await bench.doctor({ supervisor: saidAtFirst(bench, first), fix }), []);
    }
    t.deepEqual(
      bench.launchd.commands.filter(([, verb]) => !verb?.startsWith('print')),
      [],
    );
  });
}

it('a socket that is missing only at the first look is there', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const { agent } = bench.layout.sockets;
  const supervisor: Supervisor = {
    ...bench.supervisor,
    async status(label) {
      const isFirst = existsSync(agent);
      renameSync(isFirst ? agent : `${agent}.away`, isFirst ? `${agent}.away` : agent);
      return bench.supervisor.status(label);
    },
  };
  t.deepEqual(await bench.doctor({ supervisor }), []);
  t.true(existsSync(agent));
});

it('nothing is mended while somebody installs or removes the agent, and then what is left of it', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  chmodSync(bench.plist, 0o664);
  const unlock = await lockFolder(bench.layout.folder);
  const mending = bench.doctor({ fix: true });
  t.deepEqual(idsOf(await bench.doctor()), ['mode-too-wide']);
  await wait(500);
  t.is(statSync(bench.plist).mode & 0o777, 0o664);
  unlock();
  t.like(await mending, [{ id: 'mode-too-wide', fixed: true }]);
  rmSync(join(bench.layout.current, 'launchpool.cjs'));
  const [, found] = await Promise.all([uninstall(bench), bench.doctor({ fix: true })]);
  t.deepEqual(found, []);
});

it('of all agents, one that is uninstalled meanwhile keeps nobody from looking at the others', async (t) => {
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
