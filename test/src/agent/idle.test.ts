/** The idle timer. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import { createIdle } from '../../../src/agent/idle.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const idleAfter = (idleMs: number, isBusy = (): boolean => false): Promise<void> =>
  new Promise((onIdle) => void createIdle({ idleMs, isBusy, onIdle }));

test('the timer fires without activity', async (t) => {
  await idleAfter(5);
  t.pass();
});

test('a busy agent counts as active for the whole time', async (t) => {
  let checks = 0;
  await idleAfter(5, () => {
    checks += 1;
    return checks < 5;
  });
  t.true(checks >= 5);
});

test('input that arrived while the process was blocked counts as activity', async (t) => {
  const path = `${await tempDir(t)}/s.sock`;
  const server = createServer().listen(path);
  await once(server, 'listening');
  const client = connect(path);
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    client.destroy();
    server.close();
  });

  const events: string[] = [];
  await new Promise<void>((resolve) => {
    const idle = createIdle({
      idleMs: 20,
      isBusy: () => false,
      onIdle() {
        events.push('idle');
        resolve();
      },
    });
    socket.on('data', () => {
      events.push('data');
      idle.touch();
    });
    client.write('input');
    // Blocks beyond the quiet time, so that the timer is due before the data is read.
    const end = performance.now() + 100;
    while (performance.now() < end);
  });
  t.deepEqual(events, ['data', 'idle']);
});

test('shorten reduces the quiet time, and stop disables the timer', async (t) => {
  const events: string[] = [];
  const stopped = createIdle({ idleMs: 1, isBusy: () => false, onIdle: () => events.push('stopped') });
  stopped.stop();
  await new Promise<void>((resolve) => {
    createIdle({ idleMs: 0, isBusy: () => false, onIdle: resolve }).shorten(20);
  });
  t.deepEqual(events, []);
});

test('the timer does not fire before the minimum uptime', async (t) => {
  const minUptimeMs = performance.now() + 100;
  await new Promise<void>((onIdle) => void createIdle({ idleMs: 1, minUptimeMs, isBusy: () => false, onIdle }));
  t.true(performance.now() >= minUptimeMs);
});

test('leftMs is the rest of the quiet time, and undefined while the agent is busy', (t) => {
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
