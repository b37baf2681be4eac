/** When an agent has been quiet for long enough, and when it only looks like it. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import { createIdle } from '../../../src/agent/idle.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const idleAfter = (idleMs: number, isBusy = (): boolean => false): Promise<void> =>
  new Promise((onIdle) => void createIdle({ idleMs, isBusy, onIdle }));

test('without a sign of life, it is idle', async (t) => {
  await idleAfter(5);
  t.pass();
});

test('work under way counts as activity, however long it takes', async (t) => {
  let checks = 0;
  await idleAfter(5, () => {
    checks += 1;
    return checks < 5;
  });
  t.true(checks >= 5);
});

test('what has come while the process was held up is noticed before it counts as idle', async (t) => {
  const path = `${await tempDir(t)}/s.sock`;
  const server = createServer().listen(path);
  await once(server, 'listening');
  const client = connect(path);
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    client.destroy();
    server.close();
  });

  const happened: string[] = [];
  await new Promise<void>((resolve) => {
    const idle = createIdle({
      idleMs: 20,
      isBusy: () => false,
      onIdle() {
        happened.push('idle');
        resolve();
      },
    });
    socket.on('data', () => {
      happened.push('data');
      idle.touch();
    });
    client.write('here I am');
    // Longer than it takes to be idle, so that the timer is due before the data is read.
    const end = performance.now() + 100;
    while (performance.now() < end);
  });
  t.deepEqual(happened, ['data', 'idle']);
});

test('shortened, it takes less; stopped, it never comes', async (t) => {
  const happened: string[] = [];
  const stopped = createIdle({ idleMs: 1, isBusy: () => false, onIdle: () => happened.push('stopped') });
  stopped.stop();
  await new Promise<void>((resolve) => {
    createIdle({ idleMs: 0, isBusy: () => false, onIdle: resolve }).shorten(20);
  });
  t.deepEqual(happened, []);
});

test('before its time, it does not come, however quiet it is', async (t) => {
  const minUptimeMs = performance.now() + 100;
  await new Promise<void>((onIdle) => void createIdle({ idleMs: 1, minUptimeMs, isBusy: () => false, onIdle }));
  t.true(performance.now() >= minUptimeMs);
});

test('it says how much is left, unless that depends on what is under way', (t) => {
  let busy = false;
  const onIdle = (): void => undefined;
  const idle = createIdle({ idleMs: 60_000, isBusy: () => busy, onIdle });
  const left = idle.leftMs as number;
  t.true(left > 50_000 && left <= 60_000);
  busy = true;
  t.is(idle.leftMs, undefined);
  idle.stop();
  const never = createIdle({ idleMs: 0, isBusy: () => false, onIdle });
  t.is(never.leftMs, undefined);
  const late = createIdle({ idleMs: 1, minUptimeMs: performance.now() + 30_000, isBusy: () => false, onIdle });
  t.true((late.leftMs as number) > 20_000);
  late.stop();
});
