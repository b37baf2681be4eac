/** The behaviour of handlers, and its effects on their callers and on other requests. */
import test, { type ExecutionContext } from 'ava';
import { call, connect, connectRaw, LaunchpoolError } from '../../src/client/index.ts';
import { fixture, holdAgent, SOURCES, type TestAgent } from '../helpers/agent.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import '../helpers/with-compile-cache.ts';

type Misbehaving = typeof import('../fixtures/agents/misbehaving.ts');

const rpcAgent = fixture('agents/misbehaving.ts');
const rawAgent = fixture('agents/misbehaving-raw.ts');

/** From the sources, unlike other tests: there, other files load and run handlers. */
const hold = (t: ExecutionContext, module: string, flags?: readonly string[]): Promise<TestAgent> =>
  holdAgent(t, module, flags, SOURCES);
/** For tests that leave the agent unchanged. */
const rpcSocket = sharedAgent(rpcAgent, undefined, SOURCES);
const rawSocket = sharedAgent(rawAgent, () => ['--threads', '2'], SOURCES);

test('handlers run on worker threads, from the very first reply on and under load', async (t) => {
  const { socketPath } = await hold(t, rpcAgent, ['--threads', '2']);
  const agent = await connect<Misbehaving>(socketPath);
  const first = await agent.where();
  t.false(first.isMainThread);
  t.true(first.threadId > 0);

  const places = await Promise.all(Array.from({ length: 200 }, () => agent.where()));
  t.true(places.every(({ isMainThread, pid }) => !isMainThread && pid === first.pid));
  t.true(new Set(places.map(({ threadId }) => threadId)).size <= 2);
});

test('a handler that throws gets its caller the code, name, message and data of the error, and no stack', async (t) => {
  const socketPath = await rpcSocket();
  const agent = await connect<Misbehaving>(socketPath);
  const error = await t.throwsAsync(agent.fail('too far'), { instanceOf: LaunchpoolError });
  t.like(error, { code: 'E_TEST', name: 'RangeError', message: 'too far', data: { at: 7 }, remote: true });
  t.false(error?.stack?.includes('misbehaving.ts'));
});

test('in development the error has a stack', async (t) => {
  const { socketPath } = await hold(t, rpcAgent, ['--development']);
  const agent = await connect<Misbehaving>(socketPath);
  const error = await t.throwsAsync(agent.fail('too far'));
  t.regex(error?.stack ?? '', /misbehaving\.ts:\d+/);
});

test('a handler that rejects, throws an error with a number code, or throws text gets its caller an error', async (t) => {
  const socketPath = await rpcSocket();
  const agent = await connect<Misbehaving>(socketPath);
  await t.throwsAsync(agent.reject('no'), { message: 'no', code: 'ERR_LAUNCHPOOL_HANDLER' });
  const numbered = (await t.throwsAsync(agent.failWithNumber(4711))) as LaunchpoolError | undefined;
  t.is(numbered?.code, 4711);
  await t.throwsAsync(agent.failWithText(), { message: /just text/ });
});

test('a value that cannot be sent is an error, and undefined is null', async (t) => {
  const socketPath = await rpcSocket();
  for (const messagePack of [false, true]) {
    const agent = await connect<Misbehaving>(socketPath, { messagePack });
    if (messagePack) t.is(typeof (await agent.bigint()), 'bigint');
    else await t.throwsAsync(agent.bigint(), { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
    await t.throwsAsync(agent.circular(), { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
    await t.throwsAsync(agent.aFunction(), { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
    t.is(await agent.nothing(), null);
  }
});

test('a handler that calls process.exit() gets an error; other requests on its thread get their results', async (t) => {
  const { socketPath, events } = await hold(t, rpcAgent, ['--threads', '1']);
  const agent = await connect<Misbehaving>(socketPath);
  const other = agent.slow(300);
  await t.throwsAsync(agent.exit(), { code: 'ERR_LAUNCHPOOL_HANDLER_EXITED' });
  t.is(await other, 300);
  t.is(await agent.add(1, 2), 3);
  t.is(events.filter(({ event }) => event === 'started').length, 1);
});

test('an uncaught error ends the thread: its open requests fail, and the agent lives', async (t) => {
  const { socketPath, events } = await hold(t, rpcAgent, ['--threads', '1']);
  const agent = await connect<Misbehaving>(socketPath);
  const other = agent.slow(60_000);
  await t.throwsAsync(agent.crashLater(), { code: 'ERR_LAUNCHPOOL_THREAD_EXITED' });
  await t.throwsAsync(other, { code: 'ERR_LAUNCHPOOL_THREAD_EXITED' });
  t.is(await agent.add(1, 2), 3);
  t.is(events.filter(({ event }) => event === 'started').length, 1);
});

test('after many thread exits, all threads run again', async (t) => {
  const { socketPath } = await hold(t, rpcAgent, ['--threads', '2']);
  const agent = await connect<Misbehaving>(socketPath);
  const deaths = Array.from({ length: 20 }, () => agent.crashLater().catch((error: LaunchpoolError) => error.code));
  t.deepEqual(new Set(await Promise.all(deaths)), new Set(['ERR_LAUNCHPOOL_THREAD_EXITED']));

  // A thread that is just starting may miss its share.
  const seen = async (): Promise<Set<number>> => new Set(await Promise.all([agent.burn(500), agent.burn(500)]));
  while ((await seen()).size < 2);
  t.pass();
});

test('a handler that never returns delays no request on another thread', async (t) => {
  const { socketPath } = await hold(t, rpcAgent, ['--threads', '2', '--drain', '0.1']);
  const stuck = await connect<Misbehaving>(socketPath);
  const agent = await connect<Misbehaving>(socketPath);
  t.is(await agent.add(1, 2), 3);
  const never = stuck.never().catch((error: LaunchpoolError) => error.code);
  for (let index = 0; index < 20; index += 1) t.is(await agent.sync(index), index);
  // With one thread blocked for good, the only free one exits too, and is replaced.
  await t.throwsAsync(agent.crashLater(), { code: 'ERR_LAUNCHPOOL_THREAD_EXITED' });
  t.is(await agent.add(1, 2), 3);
  await agent[Symbol.asyncDispose]();
  await stuck[Symbol.asyncDispose]();
  t.is(await never, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
});

test('params reach the handler: an array as arguments, an object as the only argument', async (t) => {
  const socketPath = await rpcSocket();
  const client = await connectRaw(socketPath);
  const ask = async (request: string): Promise<unknown> =>
    JSON.parse((await client.request(request)).toString()).result;
  t.is(await ask('{"jsonrpc":"2.0","id":1,"method":"count","params":[1,2,3]}'), 3);
  t.is(await ask('{"jsonrpc":"2.0","id":1,"method":"count","params":{"a":1,"b":2}}'), 1);
  t.deepEqual(await ask('{"jsonrpc":"2.0","id":1,"method":"sync","params":{"a":1}}'), { a: 1 });
  t.is(await ask('{"jsonrpc":"2.0","id":1,"method":"count"}'), 0);
  client.close();
});

test('setup runs before the first request, and is no method', async (t) => {
  const socketPath = await rpcSocket();
  const agent = await connect<Record<string, () => unknown>>(socketPath);
  t.is(await agent.wasSetUp?.(), true);
  for (const name of ['setup', 'teardown', 'NotAMethod', 'alsoNotAMethod', 'toString', '__proto__']) {
    await t.throwsAsync(call(agent, name), { code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND' }, name);
  }
});

test('a raw handler may return any view of bytes, and no other value', async (t) => {
  const socketPath = await rawSocket();
  const client = await connectRaw(socketPath);
  t.deepEqual([...(await client.request('buffer'))], [1, 2, 3]);
  t.is((await client.request('wait 1')).toString(), 'wait 1');
  await t.throwsAsync(client.request('text'), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
});

for (const message of ['throw', 'exit']) {
  test(`raw, ${message}: the connection closes after the earlier replies, and others go on`, async (t) => {
    const socketPath = await rawSocket();
    const other = await connectRaw(socketPath);
    const client = await connectRaw(socketPath);
    t.is((await other.request('hello')).toString(), 'hello');
    const before = client.request('wait 200');
    const failing = client.request(message);
    const after = client.request('dropped');
    const outcomes = await Promise.allSettled([before, failing, after]);
    t.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.toString() : outcome.reason.code)),
      ['wait 200', 'ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'ERR_LAUNCHPOOL_CONNECTION_CLOSED'],
    );
    t.is((await other.request('still here')).toString(), 'still here');
    other.close();
  });
}
