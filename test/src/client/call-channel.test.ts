/** The tracing channel `launchpool:call` in a client: its events, and the trace that a subscriber gives a call. */
import { tracingChannel } from 'node:diagnostics_channel';
import test, { type ExecutionContext } from 'ava';
import { type CallMessage, connect, connectRaw, notify, withOptions } from '../../../src/client/index.ts';
import { connectRpc } from '../../../src/client/rpc.ts';
import { encodeError, encodeResult } from '../../../wire/json-rpc.ts';
import { serveFrames } from '../../helpers/frame-server.ts';
import { until } from '../../helpers/until.ts';

const TRACE = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1' };
const OTHER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
const NAMES = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'] as const;
const WITHOUT_ERROR = ['start', 'end', 'asyncStart', 'asyncEnd'];
const WITH_ERROR = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];

type Request = { id?: number; method: string; params?: unknown[]; traceparent?: string; tracestate?: string };

/** A server that answers by the method, and the requests that it has received. */
async function served(t: ExecutionContext) {
  const requests: Request[] = [];
  const { path } = await serveFrames(t, (payload, peer) => {
    const request: Request = JSON.parse(payload.toString());
    requests.push(request);
    const id = String(request.id);
    if (request.method === 'fail')
      peer.send(encodeError(id, { name: 'RangeError', message: 'too far', code: 'E_FAR' }));
    else if (request.method === 'streams') {
      peer.send(
        `{"jsonrpc":"2.0","method":"$/items","params":{"id":${id},"values":[1,2]}}`,
        encodeResult(id, 'the end'),
      );
    } else if (request.method === 'echo' && request.id !== undefined) peer.send(encodeResult(id, request.params?.[0]));
  });
  return { path, requests };
}

type Seen = { event: string; message: CallMessage };

/** Records the events of calls to one socket, until the end of the test. */
function recorded(t: ExecutionContext, target: string, onStart?: (message: CallMessage) => void): Seen[] {
  const events: Seen[] = [];
  const subscribers = Object.fromEntries(
    NAMES.map((event) => [
      event,
      (message: CallMessage) => {
        if (message.target !== target) return;
        if (event === 'start') onStart?.(message);
        events.push({ event, message });
      },
    ]),
  ) as never;
  const channel = tracingChannel<CallMessage>('launchpool:call');
  channel.subscribe(subscribers);
  t.teardown(() => channel.unsubscribe(subscribers));
  return events;
}

const namesOf = (events: readonly Seen[]): string[] => events.map(({ event }) => event);

test('the trace of the options is sent, and nothing without one', async (t) => {
  const { path, requests } = await served(t);
  await using agent = await connect(path);
  await agent.echo?.(1);
  await withOptions(agent, TRACE).echo?.(2);
  await withOptions(agent, { traceparent: 'no', tracestate: 'a=1' }).echo?.(3);
  notify(withOptions(agent, TRACE), 'echo', 4);
  await until(() => requests.length === 4);
  for (const at of [1, 3]) t.like(requests[at], TRACE);
  for (const at of [0, 2]) {
    t.false('traceparent' in (requests[at] as Request));
    t.false('tracestate' in (requests[at] as Request));
  }
});

test('the events of a call come in order, with one message', async (t) => {
  const { path } = await served(t);
  const events = recorded(t, path);
  const client = await connectRpc(path);
  t.is(await client.call('echo', ['x'], TRACE), 'x');
  t.deepEqual(namesOf(events), WITHOUT_ERROR);
  t.is(new Set(events.map(({ message }) => message)).size, 1);
  t.deepEqual(events[0]?.message, { role: 'client', method: 'echo', id: 1, target: path, ...TRACE });
  client.close();
});

test('a subscriber gives a call its trace before it is sent', async (t) => {
  const { path, requests } = await served(t);
  recorded(t, path, (message) => {
    message.traceparent = OTHER;
    if (message.method === 'fail') message.traceparent = 'no';
  });
  const client = await connectRpc(path);
  await client.call('echo', []);
  await client.call('echo', [], TRACE);
  await client.call('fail', [], TRACE).catch(() => undefined);
  t.deepEqual(
    requests.map(({ traceparent, tracestate }) => [traceparent, tracestate]),
    [
      [OTHER, undefined],
      [OTHER, TRACE.tracestate],
      [undefined, undefined],
    ],
  );
  client.close();
});

test('a call that fails has an error: that of the agent, its own limit, a closed connection', async (t) => {
  const { path } = await served(t);
  const events = recorded(t, path);
  const client = await connectRpc(path);
  const controller = new AbortController();
  const silent = (options: object): Promise<unknown> => client.call('silent', [], options).catch(() => undefined);
  const closed = silent({});
  await Promise.all([client.call('fail', []).catch(() => undefined), silent({ timeoutMs: 5 })]);
  const aborted = silent({ signal: controller.signal });
  controller.abort(new TypeError('given up'));
  await aborted;
  client.close();
  await closed;
  await silent({});
  const typesOf = (event: string): unknown[] =>
    events.filter((each) => each.event === event).map(({ message }) => message.errorType);
  const types = ['E_FAR', 'ERR_LAUNCHPOOL_CALL_TIMEOUT', 'TypeError'];
  const all = [...types, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'ERR_LAUNCHPOOL_CONNECTION_CLOSED'];
  for (const event of ['error', 'asyncEnd']) t.deepEqual(typesOf(event).toSorted(), all.toSorted());
  const last = events.at(-1)?.message;
  t.deepEqual(namesOf(events.filter(({ message }) => message === last)), WITH_ERROR);
});

test('a call that cannot be sent has its events, and the error', async (t) => {
  const { path } = await served(t);
  const events = recorded(t, path);
  const client = await connectRpc(path, { messagePack: false });
  await t.throwsAsync(client.call('echo', [1n]), { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' });
  t.deepEqual(namesOf(events), WITH_ERROR);
  t.is(events[0]?.message.errorType, 'ERR_LAUNCHPOOL_PARAMS_INVALID');
  client.close();
});

test('a stream ends with its last value, or when it is left', async (t) => {
  const { path } = await served(t);
  const events = recorded(t, path);
  await using agent = await connect<{ streams(): AsyncGenerator<number>; silent(): AsyncGenerator<number> }>(path);
  const values: number[] = [];
  for await (const value of agent.streams()) values.push(value);
  t.deepEqual(values, [1, 2]);
  t.deepEqual(namesOf(events), WITHOUT_ERROR);
  {
    await using left = agent.silent();
    t.truthy(left);
  }
  await until(() => events.length === 8);
  t.deepEqual(namesOf(events.slice(4)), WITHOUT_ERROR);
});

test('a notification ends when it is sent', async (t) => {
  const { path, requests } = await served(t);
  const events = recorded(t, path, (message) => {
    message.traceparent = OTHER;
  });
  await using agent = await connect(path);
  notify(agent, 'echo', 1);
  await until(() => events.length === 4 && requests.length === 1);
  t.deepEqual(namesOf(events), WITHOUT_ERROR);
  t.is(events[0]?.message.id, undefined);
  t.is(requests[0]?.traceparent, OTHER);
});

test('a request to a raw agent has events without a method', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const events = recorded(t, path);
  const client = await connectRaw(path);
  t.is(String(await client.request('hello')), 'hello');
  t.deepEqual(namesOf(events), WITHOUT_ERROR);
  t.like(events[0]?.message, { role: 'client', method: undefined, id: undefined, target: path });
  client.close();
});
