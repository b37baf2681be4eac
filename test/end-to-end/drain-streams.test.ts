/** What an agent reads while it shuts down: all that is about its open requests, and no further request. */
import test, { type ExecutionContext } from 'ava';
import { connect } from '../../src/client/index.ts';
import { longHeader } from '../../wire/closing.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { dial, type FrameClient } from '../helpers/frame-client.ts';

type Streaming = typeof import('../fixtures/agents/streaming.ts');
type Message = {
  id?: unknown;
  method?: string;
  params?: { values?: unknown[] };
  result?: unknown;
  error?: { code: number };
};
type Drained = { client: FrameClient; drain: () => Promise<unknown> };

const frame = (message: object): Buffer => encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', ...message }));

/** A client that understands the closing notice, and has sent a request. */
async function withRequest(t: ExecutionContext, request: object): Promise<Drained> {
  const { socketPath, controlPath } = await holdAgent(t, fixture('agents/streaming.ts'), [
    '--threads',
    '1',
    '--drain',
    '60',
  ]);
  const client = await dial(t, socketPath);
  const payload = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...request }));
  client.socket.write(Buffer.concat([longHeader(payload.length), payload]));
  const control = await connect<{ drain(): unknown }>(controlPath);
  return { client, drain: () => control.drain() };
}

const messagesOf = async ({ ended }: FrameClient): Promise<Message[]> => (await ended).map((text) => JSON.parse(text));

test('credit is read, and the stream comes to its end; the notice counts it, and not the request behind it', async (t) => {
  const { client, drain } = await withRequest(t, { id: 1, method: 'count', params: [5], stream: { items: 2 } });
  await client.until(1);
  await drain();
  client.socket.write(frame({ method: '$/more', params: { id: 1, items: 2 } }));
  await client.until(2);
  client.socket.write(
    Buffer.concat([
      frame({ method: '$/more', params: { id: 1, items: 1 } }),
      frame({ id: 2, method: 'add', params: [1, 2] }),
      frame({ method: '$/more', params: { id: 1, items: 100 } }),
    ]),
  );
  const messages = await messagesOf(client);
  t.deepEqual(
    messages.flatMap(({ params }) => params?.values ?? []),
    [0, 1, 2, 3, 4],
  );
  t.deepEqual(messages.slice(-2) as unknown, [
    { jsonrpc: '2.0', id: 1, result: 'counted to 5' },
    { jsonrpc: '2.0', method: '$/closing', params: { run: 3 } },
  ]);
});

test('values of a parameter and cancellations are read', async (t) => {
  const sender = await withRequest(t, { id: 1, method: 'sum', params: [{ $stream: 0 }, 0] });
  await sender.client.until(1);
  await sender.drain();
  sender.client.socket.write(frame({ method: '$/items', params: { id: 1, stream: 0, values: [1, 2, 3], end: true } }));
  t.like(
    (await messagesOf(sender.client)).find((message) => 'id' in message),
    { id: 1, result: 6 },
  );
  const canceller = await withRequest(t, { id: 'c', method: 'deaf', params: [], stream: { items: 0 } });
  await canceller.drain();
  canceller.client.socket.write(frame({ method: '$/cancelRequest', params: { id: 'c' } }));
  t.like(
    (await messagesOf(canceller.client)).find((message) => 'id' in message),
    { id: 'c', error: { code: -32800 } },
  );
});

test('a connection whose requests have their replies closes at once, also if it goes on sending', async (t) => {
  const { client, drain } = await withRequest(t, { id: 1, method: 'add', params: [1, 2] });
  await client.until(1);
  await drain();
  client.socket.write(frame({ method: '$/cancelRequest', params: { id: 7 } }));
  t.is((await messagesOf(client)).at(-1)?.method, '$/closing');
});

test('the TypeScript client reads a long stream through the drain, and its next call goes to the next agent', async (t) => {
  const { socketPath, controlPath } = await holdAgent(t, fixture('agents/streaming.ts'), [
    '--threads',
    '1',
    '--drain',
    '60',
  ]);
  await using agent = await connect<Streaming>(socketPath);
  await using control = await connect<{ drain(): unknown }>(controlPath);
  const first = await agent.pid();
  let read = 0;
  let other: Promise<number> | undefined;
  for await (const value of agent.count(30_000)) {
    if (read === 0) await control.drain();
    if (read === 29_000) other = agent.pid();
    t.is(value, read);
    read += 1;
  }
  t.is(read, 30_000);
  t.not(await other, first);
});
