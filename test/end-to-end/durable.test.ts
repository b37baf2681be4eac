/** `launchpool serve --durable`: calls for later, on real servers of NATS with JetStream. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { deadLetters, heldTask, runsIn, startJetStream, TASK_METHODS, taskClient } from '../helpers/durable.ts';
import { startInstance, startNatsCluster } from '../helpers/nats-cluster.ts';
import { natsConnection } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { natsProject, serve } from '../helpers/served-agent.ts';
import { until } from '../helpers/until.ts';

const testWithNats = declareWith(test.serial);

testWithNats('a task runs once, and its outcome is there for those who ask later', async (t) => {
  const { url } = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  await serve(t, module, url, ['--name', 'sums', '--durable']);
  const client = await taskClient(t, url, 'sums');
  const added = await client.enqueue('add', [1, 2]);
  t.regex(added.id, /^[0-9a-f-]{36}$/);
  t.false(added.isDuplicate);
  t.deepEqual(await client.result(added.id, { wait: true }), { outcome: 'result', result: 3, deliveries: 1 });
  t.deepEqual(await client.result(added.id), { outcome: 'result', result: 3, deliveries: 1 });
  const counted = await client.enqueue('count', [3]);
  t.like(await client.result(counted.id, { wait: true }), { result: [0, 1, 2] });

  const held = heldTask(folder, 'h');
  t.deepEqual(await client.enqueue('held', [folder, 'h'], { id: 'mine' }), { id: 'mine', isDuplicate: false });
  await held.runs(1);
  t.deepEqual(await client.enqueue('held', [folder, 'h'], { id: 'mine' }), { id: 'mine', isDuplicate: true });
  t.deepEqual(await client.result('mine'), { outcome: 'pending' });
  await t.throwsAsync(client.result('mine', { wait: true, timeoutMs: 50 }), { code: 'ERR_LAUNCHPOOL_CALL_TIMEOUT' });
  const outcome = client.result('mine', { wait: true });
  held.release();
  t.like(await outcome, { outcome: 'result', deliveries: 1 });
  t.deepEqual(await client.enqueue('held', [folder, 'h'], { id: 'mine' }), { id: 'mine', isDuplicate: true });
  t.is((await held.runs(1)).length, 1);
});

testWithNats('an id that is known is not run again, even if JetStream has stored it twice', async (t) => {
  const { url } = await startJetStream(t);
  const nats = await natsConnection(t, url);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  await serve(t, module, url, ['--name', 'known', '--durable']);
  const client = await taskClient(t, url, 'known');
  const body = Buffer.from(JSON.stringify({ method: 'flaky', params: [folder, 'f', 0] }));
  // Without an id of a message, JetStream stores it again.
  await nats.request('launchpool-later.known.task.plain', body, { timeout: 30_000 });
  t.like(await client.result('plain', { wait: true }), { result: 'ran 1 times' });
  await nats.request('launchpool-later.known.task.plain', body, { timeout: 30_000 });
  const { id } = await client.enqueue('add', [1, 1]);
  await client.result(id, { wait: true });
  t.is(readFileSync(join(folder, 'f'), 'utf8'), 'run\n');
});

testWithNats('a task that fails runs again, and in the end becomes a dead letter', async (t) => {
  const { url } = await startJetStream(t);
  const nats = await natsConnection(t, url);
  const module = await natsProject(t, TASK_METHODS, { isTyped: true });
  const folder = dirname(module);
  const flags = ['--name', 'flaky', '--durable', '--max-deliveries', '3', '--retry-delay', '0.01', '--threads', '1'];
  await serve(t, module, url, flags);
  const letters = await deadLetters(nats, 'flaky');
  const client = await taskClient(t, url, 'flaky');
  const flaky = await client.enqueue('flaky', [folder, 'twice', 2]);
  t.deepEqual(await client.result(flaky.id, { wait: true }), {
    outcome: 'result',
    result: 'ran 3 times',
    deliveries: 3,
  });
  t.deepEqual(letters, []);

  await client.enqueue('flaky', [folder, 'always', 9], { id: 'always' });
  const failed = await client.result('always', { wait: true });
  t.like(failed, { outcome: 'error', error: { code: 'E_FLAKY', message: 'run 3 fails', remote: true }, deliveries: 3 });
  t.is(readFileSync(join(folder, 'always'), 'utf8'), 'run\nrun\nrun\n');
  t.like(letters.shift(), {
    ...{ id: 'always', method: 'flaky', params: [folder, 'always', 9], deliveries: 3 },
    error: { message: 'run 3 fails', data: { code: 'E_FLAKY' } },
  });

  // What cannot succeed is tried once, or not at all.
  const cases = [
    ['none', 'unknown', [], 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND'],
    ['params', 'add', ['x', 1], 'ERR_LAUNCHPOOL_PARAMS_INVALID'],
    ['long', 'long', [2_000_000], 'ERR_LAUNCHPOOL_RESULT_INVALID'],
  ] as const;
  for (const [id, method, params, code] of cases) {
    await client.enqueue(method, [...params], { id });
    t.like(await client.result(id, { wait: true }), { outcome: 'error', error: { code }, deliveries: 1 });
    t.like(letters.shift(), { id, method, params: [...params], error: { data: { code } }, deliveries: 1 });
  }
  await nats.request('launchpool-later.flaky.task.text', Buffer.from('no task'), { timeout: 30_000 });
  t.like(await client.result('text', { wait: true }), {
    outcome: 'error',
    error: { code: 'ERR_LAUNCHPOOL_REQUEST_INVALID' },
  });
  t.like(letters.shift(), { id: 'text', method: null });
  await nats.request('launchpool-later.flaky.task.own', Buffer.from('{"method":"$/cancel","params":{"id":1}}'));
  t.like(await client.result('own', { wait: true }), {
    outcome: 'error',
    error: { code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND' },
  });
});

testWithNats('a task whose instance is killed goes to another one, and is never lost in silence', async (t) => {
  t.timeout(150_000);
  const { url } = await startJetStream(t);
  const nats = await natsConnection(t, url);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  const services = { again: ['--max-deliveries', '5'], once: ['--max-deliveries', '1'] };
  const start = (name: keyof typeof services) =>
    startInstance(t, module, url, ['--name', name, '--durable', '--threads', '1', ...services[name]]);
  const [again, once] = await Promise.all([start('again'), start('once')]);
  const letters = await deadLetters(nats, 'once');
  const clients = { again: await taskClient(t, url, 'again'), once: await taskClient(t, url, 'once') };
  const held = { again: heldTask(folder, 'again'), once: heldTask(folder, 'once') };
  for (const name of ['again', 'once'] as const) {
    await clients[name].enqueue('held', [folder, name], { id: name });
    await held[name].runs(1);
  }
  for (const { process, ended } of [again, once]) {
    process.kill('SIGKILL');
    await ended;
  }
  const others = await Promise.all([start('again'), start('once')]);
  await held.again.runs(2);
  held.again.release();
  t.deepEqual(await clients.again.result('again', { wait: true }), {
    ...{ outcome: 'result', deliveries: 2 },
    result: others[0]?.process.pid,
  });
  t.like(await clients.once.result('once', { wait: true }), {
    ...{ outcome: 'error', deliveries: 1 },
    error: { code: 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN' },
  });
  t.like(letters, [{ id: 'once', method: 'held', params: [folder, 'once'], deliveries: 1 }]);
  t.is((await held.once.runs(1)).length, 1);
});

testWithNats('SIGTERM: what runs finishes, and what waits is for another instance', async (t) => {
  const { url } = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  const flags = ['--name', 'drain', '--durable', '--threads', '1', '--concurrency', '1', '--drain', '100'];
  const first = await serve(t, module, url, flags);
  const client = await taskClient(t, url, 'drain');
  const held = heldTask(folder, 'h');
  await client.enqueue('held', [folder, 'h'], { id: 'running' });
  const [pid] = await held.runs(1);
  await client.enqueue('add', [1, 2], { id: 'waiting' });
  first.signal('SIGTERM');
  await first.stderr(/nats-left/);
  const second = await serve(t, module, url, flags);
  t.deepEqual(await client.result('waiting', { wait: true }), { outcome: 'result', result: 3, deliveries: 1 });
  t.deepEqual(await client.result('running'), { outcome: 'pending' });
  held.release();
  t.deepEqual(await client.result('running', { wait: true }), { outcome: 'result', result: pid, deliveries: 1 });
  t.is(await first.ended, 0);
  t.not(second.pid, pid);
});

testWithNats('tasks are there after a restart of the NATS server, and one that runs gets its outcome', async (t) => {
  t.timeout(120_000);
  const server = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  const flags = ['--name', 'restart', '--durable', '--threads', '1', '--concurrency', '1'];
  const instance = await serve(t, module, server.url, flags);
  const client = await taskClient(t, server.url, 'restart');
  const held = heldTask(folder, 'h');
  await client.enqueue('held', [folder, 'h'], { id: 'running' });
  await held.runs(1);
  const ids = await Promise.all([1, 2, 3].map(async (n) => (await client.enqueue('add', [n, n])).id));
  await server.kill();
  await instance.stderr(/nats-disconnected/);
  held.release();
  await server.restart();
  await instance.stderr(/nats-reconnected/);
  const other = await taskClient(t, server.url, 'restart');
  t.like(await other.result('running', { wait: true }), { outcome: 'result' });
  t.is((await held.runs(1)).length, 1);
  for (const [index, id] of ids.entries())
    t.like(await other.result(id, { wait: true }), { outcome: 'result', result: 2 * (index + 1) });
});

testWithNats('several instances share the tasks, each as many as it has places', async (t) => {
  const { url } = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  const flags = ['--name', 'shared', '--durable', '--threads', '1', '--concurrency', '2'];
  await Promise.all([serve(t, module, url, flags), serve(t, module, url, flags)]);
  const client = await taskClient(t, url, 'shared');
  const names = Array.from({ length: 6 }, (_, index) => `h${index}`);
  await Promise.all(names.map((name) => client.enqueue('held', [folder, name], { id: name })));
  const started = new Map<string, number>();
  const readStarted = async (): Promise<void> => {
    for (const name of names) {
      const [pid] = runsIn(join(folder, name));
      if (pid !== undefined) started.set(name, pid);
    }
  };
  await until(async () => {
    await readStarted();
    return started.size === 4;
  });
  const pids = [...started.values()];
  t.is(new Set(pids).size, 2);
  for (const pid of new Set(pids)) t.is(pids.filter((each) => each === pid).length, 2);
  for (const name of names) heldTask(folder, name).release();
  for (const name of names) t.like(await client.result(name, { wait: true }), { deliveries: 1 });
});

testWithNats('in a cluster, tasks and outcomes outlive the loss of a server', async (t) => {
  t.timeout(150_000);
  const cluster = await startNatsCluster(t, { hasJetStream: true });
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  const flags = ['--name', 'cluster', '--durable', '--threads', '1', '--concurrency', '1'];
  const instance = await serve(t, module, cluster.url, flags);
  t.regex(await instance.stderr(/jetstream-found/), /"replicas":3/);
  const client = await taskClient(t, cluster.url, 'cluster');
  const held = heldTask(folder, 'h');
  await client.enqueue('held', [folder, 'h'], { id: 'running' });
  await held.runs(1);
  await client.enqueue('add', [1, 2], { id: 'waiting' });
  // Of the three, it is the one to which the instance or the client may be connected, or that leads a stream.
  await cluster.servers[0]?.kill();
  held.release();
  const other = await taskClient(t, cluster.url, 'cluster');
  t.like(await other.result('running', { wait: true }), { outcome: 'result' });
  t.like(await other.result('waiting', { wait: true }), { outcome: 'result', result: 3 });
  t.is((await held.runs(1)).length, 1);
});
