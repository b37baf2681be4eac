/** The notifications of an installed agent to systemd, and their effects: ready, stopping, alive. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { close, connect } from '../../src/client/index.ts';
import { createSystemd } from '../../systemd/supervisor.ts';
import { socketPathsOf } from '../../wire/address.ts';
import { ENTRY } from '../helpers/agent.ts';
import { pidAt } from '../helpers/agent-process.ts';
import { jobWith } from '../helpers/jobs.ts';
import { sharedSystemd } from '../helpers/shared-systemd.ts';
import { tempDir } from '../helpers/temp-dir.ts';

type Agent = { pid(): number; hold(): Promise<number> };

type Bench = {
  service: string;
  socket: string;
  folder: string;
  /** A property of the service. */
  show(name: string): Promise<string>;
  /** Resolves when the property has that value. */
  becomes(name: string, value: string): Promise<void>;
  systemctl(...args: string[]): Promise<unknown>;
  /** Extends the unit, as its owner may. */
  edit(text: string): Promise<void>;
};

const systemd = sharedSystemd();
let labels = 0;

async function loaded(t: ExecutionContext): Promise<Bench | undefined> {
  t.timeout(120_000);
  const folder = await tempDir(t);
  const session = await systemd(t);
  if (session === undefined) return undefined;
  labels += 1;
  const label = `com.example.notify${labels}`;
  const service = `${label}.service`;
  const module = join(folder, 'agent.ts');
  await writeFile(
    module,
    `import { existsSync, writeFileSync } from 'node:fs';
    import { setTimeout as wait } from 'node:timers/promises';
    export const pid = (): number => process.pid;
    export async function hold(): Promise<number> {
      writeFileSync(${JSON.stringify(join(folder, 'held'))}, '');
      while (!existsSync(${JSON.stringify(join(folder, 'go'))})) await wait(10);
      return process.pid;
    }`,
  );
  const flags = ['--label', label, '--min-uptime', '0', '--threads', '1'];
  const sockets = socketPathsOf(label, session.host);
  const job = jobWith({ label, sockets, command: [process.execPath, ENTRY, 'run', module, ...flags] });
  const supervisor = createSystemd(session.host);
  for (const file of supervisor.filesOf(job)) {
    await mkdir(dirname(file.path), { recursive: true });
    await writeFile(file.path, file.text);
  }
  await supervisor.load(job, supervisor.pathsOf(label));
  const show: Bench['show'] = async (name) =>
    (await session.run(['systemctl', '--user', 'show', '-P', name, service])).stdout.trim();
  const systemctl: Bench['systemctl'] = (...args) => session.run(['systemctl', '--user', ...args]);
  return {
    service,
    socket: sockets.agent,
    folder,
    show,
    systemctl,
    async becomes(name, value) {
      while ((await show(name)) !== value) await wait(20);
    },
    async edit(text) {
      const drop = join(session.host.home, '.config/systemd/user', `${service}.d`);
      await mkdir(drop, { recursive: true });
      await writeFile(join(drop, 'test.conf'), text);
      await systemctl('daemon-reload');
    },
  };
}

test.serial('an agent is active when it has notified that it is ready, not when it has started', async (t) => {
  const bench = await loaded(t);
  if (bench === undefined) return;
  const { socket, folder, show, becomes, edit } = bench;
  // A file that is loaded before the agent delays its start until the test lets it continue.
  const gate = join(folder, 'gate.cjs');
  const [up, ready] = [join(folder, 'up'), join(folder, 'ready')];
  await writeFile(
    gate,
    `const fs = require('node:fs');
    if (require('node:worker_threads').isMainThread && process.argv.includes('run')) {
      fs.writeFileSync(${JSON.stringify(up)}, '');
      while (!fs.existsSync(${JSON.stringify(ready)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }`,
  );
  await edit(`[Service]\nUnsetEnvironment=\nEnvironment="NODE_OPTIONS=--require ${gate}"\n`);
  const answer = pidAt(socket);
  while (!existsSync(up)) await wait(10);
  t.deepEqual([await show('ActiveState'), await show('SubState')], ['activating', 'start']);
  await writeFile(ready, '');
  const pid = await answer;
  await becomes('ActiveState', 'active');
  t.is(await show('MainPID'), String(pid));
});

test.serial('an agent that shuts down notifies systemd, while it finishes its started requests', async (t) => {
  const bench = await loaded(t);
  if (bench === undefined) return;
  const { service, socket, folder, show, becomes, systemctl } = bench;
  const agent = await connect<Agent>(socket);
  const held = agent.hold();
  while (!existsSync(join(folder, 'held'))) await wait(10);
  await becomes('ActiveState', 'active');
  // Only a signal: systemd would know of a stop by itself.
  await systemctl('kill', '--kill-who', 'main', '--signal', 'SIGTERM', service);
  await becomes('ActiveState', 'deactivating');
  await writeFile(join(folder, 'go'), '');
  const pid = await held;
  await close(agent);
  await becomes('ActiveState', 'inactive');
  t.is(await show('Result'), 'success');
  t.not(await pidAt(socket), pid);
});

test.serial(
  'systemd is notified that an agent is alive, and kills one that hangs; the next connection starts another',
  async (t) => {
    const bench = await loaded(t);
    if (bench === undefined) return;
    const { socket, show, becomes, edit } = bench;
    await edit('[Service]\nWatchdogSec=6\nLimitCORE=0\n');
    const pid = await pidAt(socket);
    await becomes('ActiveState', 'active');
    const notifications = new Set<string>();
    // Without notifications, the time limit would have passed by the fourth one.
    while (notifications.size < 4) {
      notifications.add(await show('WatchdogTimestampMonotonic'));
      await wait(50);
    }
    t.deepEqual([await show('ActiveState'), await show('MainPID')], ['active', String(pid)]);

    process.kill(pid, 'SIGSTOP');
    await becomes('Result', 'watchdog');
    const next = await pidAt(socket);
    t.not(next, pid);
    await becomes('ActiveState', 'active');
    t.is(await show('MainPID'), String(next));
  },
);
