/** Clients of services on a real NATS server. */
import { dirname } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { call, close, connect, connectRaw, type LaunchpoolError, withOptions } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';
import { ENTRY, fixture, holdAgent } from '../helpers/agent.ts';
import { serveInstance, type TestInstance } from '../helpers/nats-instance.ts';
import { NATS_PROJECT, type NatsServer, natsConnection, startNatsServer } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { type Finished, runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

const natsTest = declareWith(test);
const CLIENT = new URL('../../src/client/index.ts', import.meta.url).href;
/** A project that has the packages of NATS. */
const PROJECT = dirname(NATS_PROJECT);

/** Where the tests of many files run at a time, an instance is slow, and not lost. */
const PATIENT = { lostAfterMs: 30_000 };

async function patient(
  t: ExecutionContext,
  { url }: NatsServer,
): Promise<{ nats: NatsConnection; lostAfterMs: number }> {
  return { nats: await natsConnection(t, url), ...PATIENT };
}

async function serve(
  t: ExecutionContext,
  module: string,
  instances = 1,
): Promise<{ server: NatsServer; target: string; all: TestInstance[] }> {
  const server = await startNatsServer(t);
  const all: TestInstance[] = [];
  for (let index = 0; index < instances; index += 1) {
    const { socketPath } = await holdAgent(t, fixture(`agents/${module}.ts`));
    all.push(await serveInstance(t, await natsConnection(t, server.url), { name: 'tested', socketPath }));
  }
  return { server, target: `${server.url}/tested`, all };
}

natsTest('a typed client calls, and gets results and errors as from a socket', async (t) => {
  const { server, target } = await serve(t, 'misbehaving', 2);
  const agent = await connect<typeof import('../fixtures/agents/misbehaving.ts')>(target, await patient(t, server));
  t.teardown(() => close(agent));
  t.is(await agent.add(1, 2), 3);
  const results = await Promise.all(Array.from({ length: 100 }, (_, index) => agent.add(index, 1)));
  t.deepEqual(
    results,
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
  await t.throwsAsync(agent.fail('no'), { name: 'RangeError', message: 'no', code: 'E_TEST' });
  await t.throwsAsync(call(agent, 'none'), { code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND' });
  const hasty = withOptions(agent, { timeoutMs: 50 });
  // On a loaded machine, the client may be the first to notice.
  const late = await t.throwsAsync(hasty.slow(50_000));
  t.regex(String((late as LaunchpoolError).code), /_(RUN|QUEUE|CALL)_TIMEOUT$/);
  t.is(String(agent), `Agent(${target})`);
});

natsTest('bytes, and messages longer than what the NATS server takes', async (t) => {
  const { server, target } = await serve(t, 'values');
  const agent = await connect<typeof import('../fixtures/agents/values.ts')>(target, await patient(t, server));
  t.teardown(() => close(agent));
  const bytes = new Uint8Array(5_000_000).fill(7);
  // A comparison by AVA would block this process, which is also the instance, for seconds.
  t.is(Buffer.compare(Buffer.from((await agent.echo(bytes)) as Uint8Array), bytes), 0);
  t.is((await agent.bytes(3_000_000)).length, 3_000_000);
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let part = 0; part < 100; part += 1) yield new Uint8Array(100_000).fill(1);
  }
  t.is(await agent.total(parts()), 10_000_000);
});

natsTest('a stream, and one of which the reader takes only a part', async (t) => {
  const { server, target } = await serve(t, 'streaming');
  const agent = await connect<typeof import('../fixtures/agents/streaming.ts')>(target, await patient(t, server));
  t.teardown(() => close(agent));
  let read = 0;
  for await (const value of agent.count(100_000)) {
    t.is(value, read);
    read += 1;
    if (read === 10_000) break;
  }
  t.is(read, 10_000);
});

natsTest('a raw agent', async (t) => {
  const { server, target } = await serve(t, 'echo', 2);
  const client = await connectRaw(target, await patient(t, server));
  const messages = Array.from(
    { length: 200 },
    (_, index) => `message ${index} ${'.'.repeat((index * 7_919) % 50_000)}`,
  );
  const replies = await Promise.all(messages.map((message) => client.request(message)));
  t.deepEqual(replies.map(String), messages);
  client.close();
});

natsTest(
  'when the NATS server ends, open calls have an unknown outcome within a second, and later calls work again',
  async (t) => {
    const { server, target } = await serve(t, 'misbehaving');
    const nats = await natsConnection(t, server.url);
    const client = await connectRpc(target, { nats, ...PATIENT });
    t.is(await client.call('add', [1, 2]), 3);
    const open = client.call('slow', [60_000]);
    const values = client.open('slow', [60_000])[Symbol.asyncIterator]();
    const next = values.next();
    // Both have reached the agent.
    t.is(await client.call('add', [2, 2]), 4);
    const endedAt = performance.now();
    await server.kill();
    await t.throwsAsync(open, { code: 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN' });
    await t.throwsAsync(next, { code: 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN' });
    t.log(`noticed after ${Math.round(performance.now() - endedAt)} ms`);
    await startNatsServer(t, { port: server.port });
    for (;;) {
      const result = await client.call('add', [3, 4]).catch((error: LaunchpoolError) => error);
      if (result === 7) break;
      t.is((result as LaunchpoolError).code, 'ERR_LAUNCHPOOL_CONNECT_FAILED');
    }
    client.close();
  },
);

natsTest('an instance that has left: its calls are lost, those that may run twice are made again', async (t) => {
  const { server, target, all } = await serve(t, 'misbehaving', 2);
  const client = await connectRpc(target, await patient(t, server));
  const calls = Array.from({ length: 10 }, () => client.call('slow', [400], { repeatable: true }));
  const others = Array.from({ length: 10 }, () => client.call('slow', [60_000]).catch((error) => String(error.code)));
  // The second instance may join after the calls.
  const busy = () => all.find(({ sockets }) => sockets.some(({ bytesWritten }) => bytesWritten > 0));
  await until(() => busy() !== undefined);
  busy()?.stop();
  t.deepEqual(await Promise.all(calls), Array(10).fill(400));
  client.close();
  const codes = (await Promise.all(others)) as string[];
  t.true(codes.includes('ERR_LAUNCHPOOL_OUTCOME_UNKNOWN'));
  t.true(
    codes.every((code) => /_(OUTCOME_UNKNOWN|CONNECTION_CLOSED)$/.test(code)),
    String(codes),
  );
});

/** A program in a project that has the packages of NATS. */
function runIn(source: string, ...args: string[]): Promise<Finished> {
  const program = `import * as client from ${JSON.stringify(CLIENT)};\n${source}`;
  return runProgram([process.execPath, '--input-type=module', '-e', program, ...args], { cwd: PROJECT });
}

natsTest('a program that does not close its client ends when no call is open', async (t) => {
  const { target } = await serve(t, 'misbehaving');
  const source = `
    const agent = await client.connect(process.argv[1], { lostAfterMs: 30_000 });
    console.log(await agent.add(20, 3), String(agent));`;
  const { stdout, stderr, status } = await runIn(source, target);
  t.is(String(stdout), `23 Agent(${target})\n`, String(stderr));
  t.is(status, 0);
});

natsTest('a project without the packages learns how to install them', async (t) => {
  const server = await startNatsServer(t);
  const folder = await tempDir(t);
  const program = `import { connect } from ${JSON.stringify(CLIENT)}; await connect(process.argv[1]).catch((error) => console.log(error.code, error.hint));`;
  const { stdout } = await runProgram([process.execPath, '--input-type=module', '-e', program, `${server.url}/a`], {
    cwd: folder,
  });
  t.regex(String(stdout), /^ERR_LAUNCHPOOL_NATS_MISSING .*npm install @nats-io\/transport-node\n$/);
});

natsTest('call and describe take a service', async (t) => {
  const { target } = await serve(t, 'misbehaving');
  const run = (...args: string[]) => runProgram([process.execPath, ENTRY, ...args], { cwd: PROJECT });
  const called = await run('call', target, 'add', '1', '2');
  t.is(String(called.stdout), '3\n', String(called.stderr));
  const withPassword = target.replace('nats://', 'nats://me:secret@');
  const described = await run('describe', withPassword, 'add');
  t.regex(String(described.stdout), /add\(/, String(described.stderr));
  t.false(`${described.stdout}${described.stderr}`.includes('secret'));
  const missing = await run('call', `${target}-not`, 'add');
  t.is(missing.status, 69);
  t.regex(String(missing.stderr), /no instance of .*tested-not answers/);
});

natsTest('with a connection that is closed, connecting fails with an error that says so', async (t) => {
  const server = await startNatsServer(t);
  const nats = await natsConnection(t, server.url);
  await nats.close();
  const error = await t.throwsAsync(connectRpc(`${server.url}/nothing`, { nats }));
  t.is((error as LaunchpoolError).code, 'ERR_LAUNCHPOOL_CONNECT_FAILED');
  t.regex(error.message, /closed/);
});

natsTest('clients that are closed leave nothing at a connection that they shared', async (t) => {
  const { server, target } = await serve(t, 'misbehaving');
  const nats = await natsConnection(t, server.url);
  const { protocol } = nats as unknown as { protocol: { listeners: unknown[]; subscriptions: { size(): number } } };
  const facts = (): number[] => [protocol.listeners.length, protocol.subscriptions.size()];
  t.deepEqual(facts(), [0, 0]);
  for (let count = 0; count < 5; count += 1) {
    const client = await connectRpc(target, { nats, ...PATIENT });
    t.is(await client.call('add', [1, 2]), 3);
    t.notDeepEqual(facts(), [0, 0]);
    client.close();
  }
  // A subscription ends when the last message to it has arrived.
  await until(() => String(facts()) === '0,0');
  t.deepEqual(facts(), [0, 0]);
});

for (const lostAfterMs of [0, -1, 59, Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`lostAfterMs: ${lostAfterMs} is refused before anything is connected`, async (t) => {
    const error = await t.throwsAsync(connectRpc('nats://127.0.0.1:1/name', { lostAfterMs }));
    t.is((error as LaunchpoolError).code, 'ERR_LAUNCHPOOL_OPTION_INVALID');
  });
}

natsTest('without a service, the error comes at once', async (t) => {
  const server = await startNatsServer(t);
  const nats = await natsConnection(t, server.url);
  const error = await t.throwsAsync(connectRpc(`${server.url}/nothing`, { nats }), {
    code: 'ERR_LAUNCHPOOL_CONNECT_FAILED',
  });
  t.true((error as LaunchpoolError).retryable);
});
