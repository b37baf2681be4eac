/** Agents are looked at without being woken, by their labels and by their paths. */
import test from 'ava';
import { askRunning } from '../../../src/control/client.ts';
import { allLabels, observe } from '../../../src/control/observe.ts';
import { waitForShutdown } from '../../helpers/agent-process.ts';
import { serveControl, statusOf } from '../../helpers/control-server.ts';
import { ask, LABEL, layBench } from '../../helpers/install-bench.ts';

const TIMEOUT_MS = 60_000;

test('an installed agent is asked only while it has a process', async (t) => {
  const bench = await layBench(t, 'embedded');
  if (bench === undefined) return;
  const where = { supervisor: bench.options.supervisor, host: bench.options.host };
  t.deepEqual(allLabels(where), []);
  t.throws(() => observe(LABEL, where), { code: 'ERR_LAUNCHPOOL_NOT_INSTALLED' });
  const { socket } = await bench.install({ agent: { 'min-uptime': 0 } });
  t.deepEqual(allLabels(where), [LABEL]);
  // Both are the same agent, so the supervisor is asked for both.
  const observers = [observe(LABEL, where), observe(socket, where)];
  t.teardown(() => observers.forEach((observer) => void observer.close()));
  const pid = await ask(socket, 'pid');
  for (const { next } of observers) t.like(await next(TIMEOUT_MS), { state: 'running', process: { pid } });
  t.is(await askRunning({ target: LABEL, method: 'ping', ...where }), 'pong');
  await waitForShutdown(socket, () => process.kill(pid));
  for (const { next } of observers) {
    // It may be seen leaving, or asked too late to answer.
    for (;;) {
      const { state, process } = await next(100);
      if (state === 'idle') break;
      t.true(process === undefined || process.pid === pid, state);
    }
  }
  await t.throwsAsync(askRunning({ target: socket, method: 'ping', ...where }), {
    code: 'ERR_LAUNCHPOOL_CONNECT_FAILED',
    message: /has no process, and is not woken/,
  });
  t.like(await observers[0]?.next(TIMEOUT_MS), { state: 'idle' });
});

test('one question is on its way at a time, and an answer that is late is taken when it comes', async (t) => {
  let asked = 0;
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { socketPath } = await serveControl(t, {
    status: async () => {
      asked += 1;
      await gate;
      return statusOf();
    },
  });
  const { next, close, name } = observe(socketPath);
  t.teardown(close);
  t.is(name, socketPath);
  while (asked === 0) t.deepEqual(await next(1), { state: 'no-process' });
  for (let times = 0; times < 3; times += 1) t.deepEqual(await next(1), { state: 'no-process' });
  t.is(asked, 1);
  open();
  let found = await next(TIMEOUT_MS);
  while (found.state !== 'running') found = await next(TIMEOUT_MS);
  t.like(found, { process: { pid: 4711 } });
});

test('what is nobody’s socket is unknown, and why is said', async (t) => {
  const { next } = observe('/not/there.sock');
  t.like(await next(TIMEOUT_MS), { state: 'unknown' });
  t.regex((await next(TIMEOUT_MS)).detail ?? '', /ENOENT/);
});
