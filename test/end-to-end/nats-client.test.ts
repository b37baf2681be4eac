/** Clients of services on a real NATS server. */
import test, { type ExecutionContext } from 'ava';
import { call, connect, connectRaw, type LaunchpoolError, withOptions } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { serveInstance, type TestInstance } from '../helpers/nats-instance.ts';
import { type NatsServer, natsConnection, startNatsServer } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';

const natsTest = declareWith(test);

async function serve(
  t: ExecutionContext,
  module: string,
  instances = 1,
): Promise<{ server: NatsServer; target: string; all: TestInstance[] }> {
  const server = await startNatsServer(t);
  const all: TestInstance[] = [];
  for (let index = 0; index < instances; index += 1) {
    const { socketPath } = await holdAgent(t, fixture(`agents/${module}.ts`));
    all.push(serveInstance(t, await natsConnection(t, server.url), { name: 'tested', socketPath }));
  }
  return { server, target: `${server.url}/tested`, all };
}

natsTest('a typed client calls, and gets results and errors as from a socket', async (t) => {
  const { server, target } = await serve(t, 'misbehaving', 2);
  const agent = await connect<typeof import('../fixtures/agents/misbehaving.ts')>(target, {
    nats: await natsConnection(t, server.url),
  });
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
  const agent = await connect<typeof import('../fixtures/agents/values.ts')>(target, {
    nats: await natsConnection(t, server.url),
  });
  const bytes = new Uint8Array(5_000_000).fill(7);
  t.deepEqual(await agent.echo(bytes), bytes);
  t.is((await agent.bytes(3_000_000)).length, 3_000_000);
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let part = 0; part < 100; part += 1) yield new Uint8Array(100_000).fill(1);
  }
  t.is(await agent.total(parts()), 10_000_000);
});

natsTest('a stream that nobody reads stops at its source, and one that is left ends there', async (t) => {
  const { server, target } = await serve(t, 'streaming');
  const agent = await connect<typeof import('../fixtures/agents/streaming.ts')>(target, {
    nats: await natsConnection(t, server.url),
  });
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
  const client = await connectRaw(target, { nats: await natsConnection(t, server.url) });
  const messages = Array.from(
    { length: 200 },
    (_, index) => `message ${index} ${'.'.repeat((index * 7_919) % 50_000)}`,
  );
  const replies = await Promise.all(messages.map((message) => client.request(message)));
  t.deepEqual(replies.map(String), messages);
  client.close();
});

natsTest('without a service, the error comes at once', async (t) => {
  const server = await startNatsServer(t);
  const nats = await natsConnection(t, server.url);
  const error = await t.throwsAsync(connectRpc(`${server.url}/nothing`, { nats }), {
    code: 'ERR_LAUNCHPOOL_CONNECT_FAILED',
  });
  t.true((error as LaunchpoolError).retryable);
});
