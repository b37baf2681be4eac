/** The status of an agent in each of its states, read without starting the agent. */

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { RunCommand } from '../../../job/run-command.ts';
import type { JobStatus } from '../../../job/supervisor.ts';
import { list, status } from '../../../src/control/status.ts';
import { lastingNode } from '../../helpers/lasting-node.ts';
import { declareWith } from '../../helpers/not-tested.ts';
import { leaveDeadSocket } from '../../helpers/unix-sockets.ts';
import { RECHECK_MS, until } from '../../helpers/until.ts';
import {
  type Bench,
  hang,
  type LaunchdBench,
  launchdBench,
  onSystemd,
  ownNode,
  SHORT,
  type SystemdBench,
  stateIs,
  stayConnected,
} from '../install/doctor/bench.ts';

const withDouble = declareWith(test.serial);

const onSession = onSystemd();

/** Declares a test under launchd and one under systemd. */
function it(title: string, body: (t: ExecutionContext, bench: Bench) => Promise<void>): void {
  withDouble(`launchd: ${title}`, async (t) => body(t, await launchdBench(t)));
  onSession(`systemd: ${title}`, body);
}

function onLaunchd(title: string, body: (t: ExecutionContext, bench: LaunchdBench) => Promise<void>): void {
  withDouble(`launchd: ${title}`, async (t) => body(t, await launchdBench(t)));
}

it('an agent that is not installed has the state not-installed and nothing else', async (t, bench) => {
  t.deepEqual(await bench.status(), {
    label: bench.label,
    supervisor: bench.supervisor.name,
    socket: bench.layout.sockets.agent,
    state: 'not-installed',
    listening: false,
  });
});

it('an agent without clients is idle, and reading its status does not start it', async (t, bench) => {
  await bench.install({ agent: SHORT });
  await bench.idle();
  for (let times = 0; times < 3; times += 1) {
    const found = await bench.status();
    t.like(found, { state: 'idle', listening: true, pid: undefined, process: undefined, detail: undefined });
    t.like(found.installed, { module: bench.module, kind: 'rpc', methods: ['die', 'pid'] });
    t.is(found.installed?.node.path, lastingNode());
  }
});

it('a running agent reports the status of its process', async (t, bench) => {
  await bench.install();
  const pid = await bench.call();
  await stayConnected(t, bench.layout.sockets.agent);
  // On a slow machine, a reply may be late.
  await until(async () => (await bench.status()).process !== undefined);
  const { state, listening, pid: seen, process: own } = await bench.status();
  t.deepEqual([state, listening, seen], ['running', true, pid]);
  t.like(own, { pid, state: 'running', requests: 0 });
  t.true((own?.connectionsServed ?? 0) >= 2);
  t.true((own?.threads ?? 0) >= 1);
  t.true((own?.memoryBytes ?? 0) > 1_000_000);
  t.true((own?.uptimeMs ?? 0) > 0);
});

it('a process that hangs is running and does not answer', async (t, bench) => {
  await bench.install();
  const pid = await bench.call();
  hang(t, pid);
  const found = await bench.status();
  t.like(found, { state: 'running', pid, process: undefined, detail: 'its control socket does not answer' });
  process.kill(pid, 'SIGCONT');
  await until(async () => (await bench.status()).process?.pid === pid);
});

it('a crashed agent has failed and still listens', async (t, bench) => {
  await bench.install();
  await bench.crash();
  await stateIs(bench, 'failed');
  const found = await bench.status();
  t.like(found, { state: 'failed', listening: true, pid: undefined, lastExit: 'signal 9' });
  t.regex(found.detail ?? '', /the last process ended .*; the next connection starts one/);
});

it('an agent that exits right after its start, while a client waits, is throttled', async (t, bench) => {
  const node = await ownNode(t);
  await bench.install({ agent: SHORT, node });
  await bench.idle();
  await writeFile(`${node}.broken`, '');
  await stayConnected(t, bench.layout.sockets.agent);
  // The supervisor starts a process from time to time.
  let found = await bench.status();
  while (found.state !== 'throttled' || found.lastExit !== 3) {
    await wait(RECHECK_MS);
    found = await bench.status();
  }
  t.like(found, { listening: true, pid: undefined, process: undefined });
  t.regex(found.detail ?? '', /\bended\b/);
});

it('without a reply of the supervisor, the state is unknown, and the record is still reported', async (t, bench) => {
  await bench.install();
  const run: RunCommand = async () => ({ status: 1, stdout: '', stderr: 'Failed to connect to bus: No medium found' });
  const found = await status({ label: bench.label, host: { ...bench.host, run } });
  t.like(found, { state: 'unknown', listening: false, pid: undefined, process: undefined });
  t.regex(found.detail ?? '', /Failed to connect to bus/);
  t.is(found.installed?.module, bench.module);
});

it('list() returns all installed agents by label and starts none', async (t, bench) => {
  const { host } = bench;
  t.deepEqual(await list({ host }), []);
  await bench.install({ agent: SHORT });
  await bench.idle();
  for (let times = 0; times < 2; times += 1) {
    t.deepEqual(
      (await list({ host })).map(({ label, state }) => [label, state]),
      [[bench.label, 'idle']],
    );
  }
});

onLaunchd(
  'an agent that is disabled in Login Items is disabled; an agent that is not loaded is blocked',
  async (t, bench) => {
    await bench.install();
    const { launchd, label } = bench;
    await launchd.run(['/bin/launchctl', 'bootout', `gui/501/${label}`]);
    await launchd.reached('removed', 1);
    t.like(await bench.status(), { state: 'blocked', listening: false, pid: undefined });
    launchd.setDisabled(label, true);
    const found = await bench.status();
    t.like(found, { state: 'disabled', listening: false });
    t.regex(found.detail ?? '', /Login Items/);
  },
);

onSession('systemd: an agent with a stopped socket unit is disabled', async (t, bench: SystemdBench) => {
  await bench.install();
  await bench.ctl('stop', basename(bench.units.socket));
  const found = await bench.status();
  t.like(found, { state: 'disabled', listening: false, pid: undefined });
  t.is(found.detail, `${bench.label}.socket is not started`);
});

onSession('systemd: one question about several jobs says of each what a question about it says', async (t, bench) => {
  await bench.install();
  await bench.call();
  const { statuses, status: ask } = bench.supervisor;
  const labels = ['com.example.missing', bench.label, 'com.example.other'];
  const together = await Promise.all(statuses?.(labels) ?? []);
  t.deepEqual(together, await Promise.all(labels.map((label) => ask(label))));
  t.deepEqual(
    together.map(({ state }) => state),
    ['not-installed', 'running', 'not-installed'],
  );
});

onLaunchd('an agent that exits during the request has its new status', async (t, bench) => {
  for (const path of Object.values(bench.layout.sockets)) {
    await mkdir(dirname(path), { recursive: true });
    await leaveDeadSocket(t, path);
  }
  const asked: JobStatus[] = [
    { state: 'running', pid: 1, listening: true },
    { state: 'idle', lastExit: 0, listening: true },
  ];
  const supervisor = { ...bench.supervisor, status: async () => asked.shift() as JobStatus };
  const found = await status({ label: bench.label, host: bench.host, supervisor });
  t.like(found, { state: 'idle', pid: undefined, detail: undefined, lastExit: 0 });
  t.deepEqual(asked, []);
});
