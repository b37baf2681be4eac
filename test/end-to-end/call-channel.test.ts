/** The tracing channel `launchpool:call`: on the threads of an agent, and on its main thread. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { call, connect, connectRaw, notify, withOptions } from '../../src/client/index.ts';
import { createActivator } from '../../src/holder/activator.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Observed = typeof import('../fixtures/agents/observed.ts');
type Event = {
  event: string;
  role: string;
  method?: string;
  id?: unknown;
  traceparent?: string;
  error?: { message: string };
  errorType?: string;
};

const observed = sharedAgent(fixture('agents/observed.ts'), () => ['--threads', '1']);
const TRACE = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
const WITHOUT_ERROR = ['start', 'end', 'asyncStart', 'asyncEnd'];
const WITH_ERROR = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];
const namesOf = (events: readonly { event: string }[]): string[] => events.map(({ event }) => event);

/** The events of the last call of a method, once they are complete. */
async function eventsOf(agent: { eventsOf: Observed['eventsOf'] } | AsyncDisposable, method: string): Promise<Event[]> {
  const events: Event[] = [];
  await until(async () => {
    events.push(...((await call(agent as AsyncDisposable, 'eventsOf', method)) as Event[]));
    return events.at(-1)?.event === 'asyncEnd';
  });
  return events;
}

for (const [method, params, errorType] of [
  ['atOnce', [7], undefined],
  ['later', [], undefined],
  ['throws', [], 'RangeError'],
  ['rejects', [], 'E_LATER'],
  ['unsendable', [], 'ERR_LAUNCHPOOL_RESULT_INVALID'],
  ['streams', [2], undefined],
  ['streamsAndFails', [], 'TypeError'],
  ['missing', [], 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND'],
] as const) {
  test.serial(`thread: the events of a call of ${method} come in order`, async (t) => {
    await using agent = await connect<Observed>(await observed());
    await call(withOptions(agent, TRACE), method, ...params).catch(() => undefined);
    const events = await eventsOf(agent, method);
    t.deepEqual(namesOf(events), errorType === undefined ? WITHOUT_ERROR : WITH_ERROR);
    for (const event of events) t.like(event, { role: 'handler', method, id: 1, ...TRACE });
    t.is(events.at(-1)?.errorType ?? undefined, errorType);
    t.is(events[0]?.errorType ?? undefined, undefined);
  });
}

test.serial('thread: a call with a stream has its events, and its result', async (t) => {
  await using agent = await connect<Observed>(await observed());
  async function* numbers(): AsyncGenerator<number> {
    yield 1;
    yield 2;
  }
  t.is(await agent.sums(numbers()), 3);
  t.deepEqual(namesOf(await eventsOf(agent, 'sums')), WITHOUT_ERROR);
  await t.throwsAsync(agent.sumsAndFails(numbers()), { message: 'the sum is 3' });
  const failed = await eventsOf(agent, 'sumsAndFails');
  t.deepEqual(namesOf(failed), WITH_ERROR);
  t.is(failed.at(-1)?.errorType, 'RangeError');
});

test.serial(
  'thread: a store that is bound to `start` holds in the handler, after an await and in a stream',
  async (t) => {
    await using agent = await connect<Observed>(await observed());
    t.deepEqual(await agent.later(), ['later', 'later']);
    const values: unknown[] = [];
    for await (const value of agent.streams(3)) values.push(value);
    t.deepEqual(values, ['streams', 'streams', 'streams']);
  },
);

test.serial('thread: the trace that a subscriber gives at `start` is that of the request', async (t) => {
  await using agent = await connect<Observed>(await observed());
  t.deepEqual(await agent.inOwnSpan(), { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-aaaaaaaaaaaaaaaa-01' });
});

test.serial('thread: a call that is cancelled ends with the reason', async (t) => {
  await using agent = await connect<Observed>(await observed());
  const controller = new AbortController();
  const waiting = withOptions(agent, { signal: controller.signal }).waits();
  await until(async () => ((await agent.eventsOf('waits')) as Event[]).some(({ event }) => event === 'end'));
  controller.abort();
  await t.throwsAsync(waiting);
  const events = await eventsOf(agent, 'waits');
  t.deepEqual(namesOf(events), ['error', 'asyncStart', 'asyncEnd']);
  t.truthy(events[0]?.errorType);
});

test.serial('thread: each request of a batch, and a notification, has its events', async (t) => {
  const client = await dial(t, await observed());
  await using agent = await connect<Observed>(await observed());
  // `rejects` and `sums` are of other tests.
  const request = { jsonrpc: '2.0', method: 'batched' };
  client.socket.write(encodeTextFrame(JSON.stringify([{ ...request, id: 'a' }, request])));
  await client.until(1);
  const events = (await agent.eventsOf('batched')) as Event[];
  t.deepEqual(
    events.filter(({ id }) => id === 'a').map(({ event }) => event),
    WITH_ERROR,
  );
  t.deepEqual(
    events.filter(({ id }) => id === undefined || id === null).map(({ event }) => event),
    WITH_ERROR,
  );
});

/** An agent whose threads load a subscriber by NODE_OPTIONS. */
async function withSubscriber(t: ExecutionContext, module: string, ...flags: string[]) {
  const folder = await tempDir(t);
  const [socketPath, file] = [join(folder, 'a.sock'), join(folder, 'events')];
  writeFileSync(file, '');
  const activator = await createActivator({
    socketPath,
    command: [process.execPath, ENTRY, 'run', module, '--threads', '1', '--log-level', 'silent', ...flags],
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${pathToFileURL(fixture('observe.mjs'))}`,
      OBSERVED_FILE: file,
    },
  });
  t.teardown(() => activator.close());
  const events = (): Event[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  /** The events of the calls of a method, once so many have ended. */
  const endedEvents = async (method: string | undefined, calls = 1, role = 'agent'): Promise<Event[]> => {
    const found = (): Event[] => events().filter((event) => event.method === method && event.role === role);
    await until(() => found().filter(({ event }) => event === 'asyncEnd').length === calls);
    return found();
  };
  return { socketPath, endedEvents };
}

test('main thread: the events of each call come in order, from its arrival to its outcome', async (t) => {
  const { socketPath, endedEvents } = await withSubscriber(t, fixture('agents/observed.ts'));
  await using agent = await connect<Observed>(socketPath);
  t.is(await withOptions(agent, TRACE).atOnce(7), 7);
  const events = await endedEvents('atOnce');
  t.deepEqual(namesOf(events), WITHOUT_ERROR);
  for (const event of events) t.like(event, { role: 'agent', id: 1, ...TRACE });
  t.deepEqual(namesOf(await endedEvents('atOnce', 1, 'handler')), WITHOUT_ERROR);

  await t.throwsAsync(agent.throws());
  const failed = await endedEvents('throws');
  t.deepEqual(namesOf(failed), WITH_ERROR);
  t.like(failed.at(-1), { errorType: 'RangeError', error: { message: 'at once' } });

  const values: unknown[] = [];
  for await (const value of agent.streams(2)) values.push(value);
  t.is(values.length, 2);
  t.deepEqual(namesOf(await endedEvents('streams')), WITHOUT_ERROR);

  // In MessagePack, and of more than 48 KiB.
  t.is(((await call(agent, 'atOnce', new Uint8Array(100_000))) as Uint8Array).length, 100_000);
  t.deepEqual(namesOf(await endedEvents('atOnce', 2)), [...WITHOUT_ERROR, ...WITHOUT_ERROR]);

  notify(agent, 'inOwnSpan');
  const notified = await endedEvents('inOwnSpan');
  t.deepEqual(namesOf(notified), WITHOUT_ERROR);
  t.false('id' in (notified[0] as Event));
});

test('main thread: deadlines, cancellations and disconnects are errors of their calls', async (t) => {
  const { socketPath, endedEvents } = await withSubscriber(t, fixture('agents/observed.ts'));
  const client = await dial(t, socketPath);
  const send = (request: object): boolean =>
    client.socket.write(encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', ...request })));
  send({ id: 1, method: 'waits', timeoutMs: 20 });
  await client.until(1);
  t.regex(String((await endedEvents('waits')).at(-1)?.errorType), /^ERR_LAUNCHPOOL_(QUEUE|RUN)_TIMEOUT$/);
  send({ id: 2, method: 'waits' });
  send({ method: '$/cancelRequest', params: { id: 2 } });
  await client.until(2);
  t.like((await endedEvents('waits', 2)).at(-1), { id: 2, errorType: 'ERR_LAUNCHPOOL_CANCELLED' });
  send({ id: 3, method: 'waits' });
  send({ id: 4, method: 'atOnce', params: [1] });
  await client.until(3);
  client.socket.destroy();
  const events = await endedEvents('waits', 3);
  t.like(events.at(-1), {
    id: 3,
    errorType: 'ERR_LAUNCHPOOL_CANCELLED',
    error: { message: 'the caller disconnected' },
  });
  t.deepEqual(namesOf(events.filter(({ id }) => id === 3)), WITH_ERROR);
});

test('main thread: the requests of a batch end with its reply, each with its own error', async (t) => {
  const { socketPath, endedEvents } = await withSubscriber(t, fixture('agents/observed.ts'));
  const client = await dial(t, socketPath);
  const request = { jsonrpc: '2.0', method: 'rejects' };
  const batch = [{ ...request, id: 1 }, { ...request, method: 'atOnce', id: 2 }, request];
  client.socket.write(encodeTextFrame(JSON.stringify(batch)));
  await client.until(1);
  t.deepEqual(namesOf(await endedEvents('atOnce')), WITHOUT_ERROR);
  const events = await endedEvents('rejects', 2);
  t.deepEqual(namesOf(events.filter(({ id }) => id === 1)), WITH_ERROR);
  t.is(events.findLast(({ id }) => id === 1)?.errorType, 'E_LATER');
  t.deepEqual(namesOf(events.filter((each) => !('id' in each))), WITHOUT_ERROR);
});

test('main thread: a request that is refused has its outcome', async (t) => {
  const { socketPath, endedEvents } = await withSubscriber(t, fixture('agents/observed.ts'), '--max-requests', '1');
  const client = await dial(t, socketPath);
  const frame = (id: number): Buffer =>
    encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id, method: 'later', params: [] }));
  client.socket.write(Buffer.concat([frame(1), frame(2)]));
  await client.until(2);
  const events = await endedEvents('later', 2);
  t.deepEqual(namesOf(events.filter(({ id }) => id === 2)), WITH_ERROR);
  t.is(events.findLast(({ id }) => id === 2)?.errorType, 'ERR_LAUNCHPOOL_BUSY');
});

test('main thread: messages of a raw agent have no method', async (t) => {
  const { socketPath, endedEvents } = await withSubscriber(t, fixture('agents/echo.ts'));
  const client = await connectRaw(socketPath);
  t.is(String(await client.request('{"method":"timeoutMs $/"}')), '{"method":"timeoutMs $/"}');
  t.deepEqual(namesOf(await endedEvents(undefined)), WITHOUT_ERROR);
  client.close();
});
