/** The trace of a request in a running agent: for its handler, its lines of the log, and the agents that it calls. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { call, connect, notify, withOptions } from '../../src/client/index.ts';
import { createActivator } from '../../src/holder/activator.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Traced = typeof import('../fixtures/agents/traced.ts');
type Relaying = typeof import('../fixtures/agents/relaying.ts');

const traced = sharedAgent(fixture('agents/traced.ts'), () => ['--threads', '1']);
const relaying = sharedAgent(fixture('agents/relaying.ts'), () => ['--threads', '1']);

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACE = { traceparent: `00-${ID}-00f067aa0ba902b7-01`, tracestate: 'a=1,b=2' };
const OTHER = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' };

test('a handler knows the trace of its request before and after an await, and in a timer', async (t) => {
  await using agent = await connect<Traced>(await traced());
  t.deepEqual(await withOptions(agent, TRACE).traces(), [TRACE, TRACE, TRACE]);
  t.deepEqual(await withOptions(agent, OTHER).traces(), [OTHER, OTHER, OTHER]);
  t.deepEqual(await agent.traces(), [null, null, null] as never);
});

test('requests that overlap have their own traces, also in a batch', async (t) => {
  const client = await dial(t, await traced());
  const request = { jsonrpc: '2.0', method: 'traces' };
  const batch = [
    { ...request, id: 1, ...TRACE },
    { ...request, id: 2 },
    { ...request, id: 3, ...OTHER },
  ];
  client.socket.write(encodeTextFrame(JSON.stringify(batch)));
  const [reply] = (await client.until(1)).map((text) => JSON.parse(text));
  t.deepEqual(
    reply.map(({ result }: { result: unknown[] }) => result[1]),
    [TRACE, null, OTHER],
  );
});

test('a stream, a request with a stream, a request in MessagePack and a notification have their trace', async (t) => {
  await using agent = await connect<Traced>(await traced());
  const own = withOptions(agent, TRACE);
  const values: unknown[] = [];
  for await (const value of own.tracesInStream()) values.push(value);
  t.deepEqual(values, [TRACE, TRACE]);
  async function* numbers(): AsyncGenerator<number> {
    yield 1;
  }
  t.deepEqual(await own.tracesWithStream(numbers()), TRACE);
  t.deepEqual(await call(own, 'traces', new Uint8Array(3)), [TRACE, TRACE, TRACE]);
  notify(own, 'note');
  await until(async () => (await agent.noted()) !== null);
  t.deepEqual(await agent.noted(), TRACE);
});

test('a trace that is not valid is none', async (t) => {
  await using agent = await connect<Traced>(await traced());
  t.deepEqual(await withOptions(agent, { traceparent: 'no', tracestate: 'a=1' }).traces(), [null, null, null] as never);
  const client = await dial(t, await traced());
  client.socket.write(encodeTextFrame('{"jsonrpc":"2.0","id":1,"method":"traces","traceparent":{"a":[7]}}'));
  t.deepEqual(await client.until(1), ['{"jsonrpc":"2.0","id":1,"result":[null,null,null]}']);
});

test('calls of a handler belong to the trace of its request, without `launchpool/handler` too', async (t) => {
  await using agent = await connect<Relaying>(await relaying());
  const path = await traced();
  const [own, none, other] = await Promise.all([
    withOptions(agent, TRACE).relay(path),
    agent.relay(path),
    withOptions(agent, TRACE).relay(path, OTHER.traceparent),
  ]);
  t.deepEqual(own, [TRACE, TRACE, TRACE]);
  t.deepEqual(none, [null, null, null]);
  t.deepEqual(other, [OTHER, OTHER, OTHER]);
});

/** The lines of an agent with a log, after its methods have been called with a trace and without one. */
async function linesOf(t: ExecutionContext, module: string, methods: readonly string[], count: number) {
  const folder = await tempDir(t);
  const [socketPath, logFile] = [join(folder, 'a.sock'), join(folder, 'log')];
  const command = [process.execPath, ENTRY, 'run', fixture(module), '--threads', '1', '--log-level', 'info'] as const;
  const activator = await createActivator({ socketPath, command: [...command], logFile });
  t.teardown(() => activator.close());
  await using agent = await connect(socketPath);
  for (const method of methods) {
    for (const each of [withOptions(agent, TRACE), agent]) await call(each, method).catch(() => undefined);
  }
  type Line = { method?: string; msg: string; traceId?: string };
  const lines = (): Line[] => {
    const whole = readFileSync(logFile, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line)).filter(({ method }) => method !== undefined);
  };
  await until(() => lines().length >= count);
  return lines().map(({ method, msg, traceId }) => [method, msg, traceId]);
}

test('lines of the log have the trace id: those of the handler, of the console, and of a failure', async (t) => {
  // The second failure within a second has no line.
  const lines = await linesOf(t, 'agents/traced.ts', ['logs', 'fails'], 7);
  t.deepEqual(lines.toSorted(), [
    ['fails', 'handler-failed', ID],
    ...['after', 'before', 'printed'].flatMap((text) => [
      ['logs', text, undefined],
      ['logs', text, ID],
    ]),
  ] as never);
});

test('the console has the trace id in a module that has not loaded `launchpool/handler`', async (t) => {
  const lines = await linesOf(t, 'agents/relaying.ts', ['prints'], 1);
  t.deepEqual(lines[0], ['prints', 'printed', ID]);
});
