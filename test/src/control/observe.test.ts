/** Agents are observed without being started, by label and by path. */
import test from 'ava';
import { callControl } from '../../../src/control/call.ts';
import { observe } from '../../../src/control/observe.ts';
import { installedLabels } from '../../../src/installed/labels.ts';
import { waitForShutdown } from '../../helpers/agent-process.ts';
import { serveControl, statusOf } from '../../helpers/control-server.ts';
import { ask, createInstallBench, LABEL } from '../../helpers/install-bench.ts';

const TIMEOUT_MS = 60_000;

test('an installed agent is asked only while it has a process', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const where = { supervisor: bench.options.supervisor, host: bench.options.host };
  t.deepEqual(installedLabels(where.host), []);
  t.throws(() => observe(LABEL, where), { code: 'ERR_LAUNCHPOOL_NOT_INSTALLED' });
  const { socket } = await bench.install({ agent: { 'min-uptime': 0 } });
  t.deepEqual(installedLabels(where.host), [LABEL]);
  // Label and path name the same agent: the supervisor is asked for both.
  const observers = [observe(LABEL, where), observe(socket, where)];
  t.teardown(() => observers.forEach((observer) => void observer.close()));
  const pid = await ask(socket, 'pid');
  for (const { next } of observers) t.like(await next(TIMEOUT_MS), { state: 'running', process: { pid } });
  t.is(await callControl({ target: LABEL, method: 'ping', ...where }), 'pong');
  await waitForShutdown(socket, () => process.kill(pid));
  for (const { next } of observers) {
    // The process may be shutting down, or may exit before it replies.
    for (;;) {
      const { state, process } = await next(100);
      if (state === 'idle') break;
      t.true(process === undefined || process.pid === pid, state);
    }
  }
  await t.throwsAsync(callControl({ target: socket, method: 'ping', ...where }), {
    code: 'ERR_LAUNCHPOOL_CONNECT_FAILED',
    message: /has no process, and a control call does not start one/,
  });
  t.like(await observers[0]?.next(TIMEOUT_MS), { state: 'idle' });
});

test('one request is open at a time, and a late reply is used when it arrives', async (t) => {
  let requests = 0;
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { socketPath } = await serveControl(t, {
    status: async () => {
      requests += 1;
      await gate;
      return statusOf();
    },
  });
  const { next, close, name } = observe(socketPath);
  t.teardown(close);
  t.is(name, socketPath);
  while (requests === 0) t.deepEqual(await next(1), { state: 'no-process' });
  for (let times = 0; times < 3; times += 1) t.deepEqual(await next(1), { state: 'no-process' });
  t.is(requests, 1);
  open();
  let found = await next(TIMEOUT_MS);
  while (found.state !== 'running') found = await next(TIMEOUT_MS);
  t.like(found, { process: { pid: 4711 } });
});

test('a path without a socket is unknown, with the reason', async (t) => {
  const { next } = observe('/not/there.sock');
  t.like(await next(TIMEOUT_MS), { state: 'unknown' });
  t.regex((await next(TIMEOUT_MS)).detail ?? '', /ENOENT/);
});
