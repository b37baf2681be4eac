/** Methods whose results are streams, called by JSON-RPC as it stands on the wire, and by the TypeScript client. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { close, connect, withOptions } from '../../src/client/index.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { dial, type FrameClient } from '../helpers/frame-client.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Streaming = typeof import('../fixtures/agents/streaming.ts');
type Message = { id?: unknown; result?: unknown; error?: { data: { code: string } }; params: { values: unknown[] } };

const AGENT = fixture('agents/streaming.ts');
const socketPath = sharedAgent(AGENT, () => ['--threads', '1']);
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const inFolder = async (t: ExecutionContext): Promise<string> => join(await tempDir(t), 'file');
const request = (id: unknown, method: string, params: unknown[], more: object = { stream: true }): Buffer =>
  encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id, method, params, ...more }));
const notify = (method: string, params: object): Buffer =>
  encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', method, params }));

/** The messages up to the response to a request. */
async function untilResponse({ frames, until: untilFrames, ended }: FrameClient): Promise<Message[]> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  for (let read = 1; ; read = frames.length + 1) {
    await untilFrames(read);
    const messages: Message[] = frames.map((frame) => JSON.parse(String(frame)));
    if (isOver || messages.some((message) => 'id' in message)) return messages;
  }
}

const valuesOf = (messages: Message[]): unknown[] => messages.flatMap(({ params }) => params?.values ?? []);

async function read<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const values: Item[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

test('a caller that asks for a stream gets values in notifications, and what the generator returned as its response', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(request('a', 'count', [3]));
  const messages = await untilResponse(client);
  const response = messages.pop();
  // On a machine that is busy, they come in more than one.
  for (const { params, ...rest } of messages) {
    t.is((params as { id?: unknown }).id, 'a');
    t.deepEqual(rest as unknown, { jsonrpc: '2.0', method: '$/items' });
  }
  t.deepEqual(valuesOf(messages), [0, 1, 2]);
  t.deepEqual(response as unknown, { jsonrpc: '2.0', id: 'a', result: 'counted to 3' });
});

test('a stream without values has one notification', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'count', [0]));
  t.deepEqual(await untilResponse(client), [
    { jsonrpc: '2.0', method: '$/items', params: { id: 1, values: [] } },
    { jsonrpc: '2.0', id: 1, result: 'counted to 0' },
  ] as never);
});

test('generators, async iterables, promises of them and ReadableStreams are streams; other results are not', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  t.deepEqual(await read(agent.count(3)), [0, 1, 2]);
  t.deepEqual(await read(agent.letters('abc')), ['a', 'b', 'c']);
  t.deepEqual(await read(agent.slowly([1, null, { a: [2] }])), [1, null, { a: [2] }]);
  t.deepEqual(await read(agent.readable('to be')), ['to', 'be']);
  t.is(await agent.add(1, 2), 3);
  const notStream = agent.add(1, 2) as unknown as AsyncIterable<number>;
  t.like(await t.throwsAsync(read(notStream)), { code: 'ERR_LAUNCHPOOL_NOT_A_STREAM', data: 3 });
});

test('the iterator ends with what the generator returned', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  const values = agent.letters('ab')[Symbol.asyncIterator]();
  t.deepEqual([await values.next(), await values.next(), await values.next(), await values.next()] as unknown[], [
    { done: false, value: 'a' },
    { done: false, value: 'b' },
    { done: true, value: 2 },
    { done: true, value: undefined },
  ]);
});

test('a caller that asks for no stream gets an array, up to 10,000 values', async (t) => {
  const path = await socketPath();
  const client = await dial(t, path);
  client.socket.write(request(1, 'count', [10_000], {}));
  const [reply] = await untilResponse(client);
  t.is((reply as { result: unknown[] }).result.length, 10_000);
  const tooLong = await dial(t, path);
  tooLong.socket.write(request(2, 'count', [10_001], {}));
  t.is((await untilResponse(tooLong))[0]?.error?.data.code, 'ERR_LAUNCHPOOL_RESULT_INVALID');
  const inBatch = await dial(t, path);
  inBatch.socket.write(
    encodeTextFrame(JSON.stringify([{ jsonrpc: '2.0', id: 3, method: 'count', params: [2], stream: true }])),
  );
  t.deepEqual(await inBatch.until(1), ['[{"jsonrpc":"2.0","id":3,"result":[0,1]}]']);
});

test('awaited, a stream of the TypeScript client is an array too, with the same limit', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  const all = (to: number): Promise<unknown> => agent.count(to) as unknown as Promise<unknown>;
  t.is(((await all(10_000)) as unknown[]).length, 10_000);
  t.deepEqual(await all(0), []);
  await t.throwsAsync(all(20_000), { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
  t.is(await agent.add(1, 2), 3);
});

test('a "stream" that is neither true nor an object of whole numbers is refused', async (t) => {
  for (const stream of [1, 'yes', null, [], { items: -1 }, { bytes: 1.5 }, { items: '3' }]) {
    const client = await dial(t, await socketPath());
    client.socket.write(request(1, 'count', [1], { stream }));
    t.is((await untilResponse(client))[0]?.error?.data.code, 'ERR_LAUNCHPOOL_REQUEST_INVALID', JSON.stringify(stream));
  }
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'add', [1, 2], { stream: { items: 0 } }));
  t.is((await untilResponse(client))[0]?.result, 3);
});

test('100,000 values come in their order, and none is missing', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'texts', [100_000, 64]));
  const messages = await untilResponse(client);
  const values = valuesOf(messages);
  t.is(values.length, 100_000);
  t.true(values.every((value, index) => value === String(index).padStart(64, '.')));
  t.is(messages.at(-1)?.result, null);
  await using agent = await connect<Streaming>(await socketPath());
  let next = 0;
  for await (const value of agent.texts(100_000, 64)) {
    if (value !== String(next).padStart(64, '.')) t.fail(`${value} at ${next}`);
    next += 1;
  }
  t.is(next, 100_000);
});

test('an error comes behind the values before it', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'failing', [3]));
  const messages = await untilResponse(client);
  t.deepEqual(valuesOf(messages), [0, 1, 2]);
  t.is(messages.at(-1)?.error?.data.code, 'E_MORE');
  await using agent = await connect<Streaming>(await socketPath());
  const values: number[] = [];
  const error = await t.throwsAsync(async () => {
    for await (const value of agent.failing(2)) values.push(value);
  });
  t.like(error, { name: 'RangeError', code: 'E_MORE' });
  t.deepEqual(values, [0, 1]);
});

test('a value that JSON does not have ends the stream with an error, and its finally runs', async (t) => {
  const file = await inFolder(t);
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'unsendable', [file]));
  const messages = await untilResponse(client);
  t.deepEqual(valuesOf(messages), [1]);
  t.is(messages.at(-1)?.error?.data.code, 'ERR_LAUNCHPOOL_RESULT_INVALID');
  t.is(textOf(file), 'finally\n');
});

test('with credit, no more values come than the caller has room for', async (t) => {
  const file = await inFolder(t);
  const { socketPath: path } = await holdAgent(t, AGENT, ['--threads', '1']);
  const client = await dial(t, path);
  client.socket.write(request(1, 'endless', [file], { stream: { items: 3 } }));
  await client.until(1);
  const values = (): unknown[] => valuesOf(client.frames.map((frame) => JSON.parse(String(frame))));
  await until(() => values().length >= 3);
  await using agent = await connect<Streaming>(path);
  // One value is ready, as it could have been the end.
  await until(async () => (await agent.madeSoFar()) === 3);
  client.socket.write(notify('$/more', { id: 1, items: 2 }));
  await until(() => values().length >= 5);
  await until(async () => (await agent.madeSoFar()) === 5);
  client.socket.write(notify('$/cancelRequest', { id: 1 }));
  const messages = await untilResponse(client);
  t.deepEqual(valuesOf(messages), [0, 1, 2, 3, 4]);
  t.is(messages.at(-1)?.error?.data.code, 'ERR_LAUNCHPOOL_CANCELLED');
  await until(() => textOf(file) === 'ERR_LAUNCHPOOL_CANCELLED, finally\n');
});

test('credit that arrives before the start of the stream counts', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(
    Buffer.concat([request(1, 'count', [5], { stream: { items: 0 } }), notify('$/more', { id: 1, items: 5 })]),
  );
  t.deepEqual(valuesOf(await untilResponse(client)), [0, 1, 2, 3, 4]);
});

test('credit of bytes is exceeded by one value at most', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'texts', [100, 1000], { stream: { bytes: 2500 } }));
  const bytes = (): number => client.frames.reduce((sum, frame) => sum + frame.length, 0);
  await until(() => bytes() > 2500);
  t.true(bytes() < 2500 + 1100, String(bytes()));
  client.socket.write(notify('$/more', { id: 1, bytes: 1_000_000 }));
  t.is(valuesOf(await untilResponse(client)).length, 100);
});

test('streams that wait for credit keep their connection readable, however many requests wait behind them', async (t) => {
  const client = await dial(t, await socketPath());
  const ids = Array.from({ length: 500 }, (_unused, id) => id);
  client.socket.write(Buffer.concat(ids.map((id) => request(id, 'count', [2], { stream: { items: 1 } }))));
  client.socket.write(Buffer.concat(ids.map((id) => notify('$/more', { id, items: 1 }))));
  await client.until(3 * ids.length);
  const results = client.frames.map((frame) => JSON.parse(String(frame))).filter((message) => 'result' in message);
  t.is(results.length, ids.length);
});

test('a caller that leaves the loop ends a generator that never waits, and its signal fires before its finally', async (t) => {
  const file = await inFolder(t);
  await using agent = await connect<Streaming>(await socketPath());
  let seen = 0;
  for await (const _value of agent.endless(file)) {
    seen += 1;
    if (seen === 10) break;
  }
  await until(() => textOf(file) !== '');
  t.is(textOf(file), 'ERR_LAUNCHPOOL_CANCELLED, finally\n');
  t.log(`${await agent.madeSoFar()} values made`);
});

test('a caller that is away ends the stream; so do a timeout and a signal', async (t) => {
  const path = await socketPath();
  const [gone, late, aborted, disposed] = await Promise.all([inFolder(t), inFolder(t), inFolder(t), inFolder(t)]);
  const client = await dial(t, path);
  client.socket.write(request(1, 'endless', [gone]));
  await client.until(1);
  client.socket.destroy();
  await until(() => textOf(gone) === 'ERR_LAUNCHPOOL_CANCELLED, finally\n');

  await using agent = await connect<Streaming>(path);
  // On a machine that is busy, the time may be over before the request starts.
  await until(async () => {
    const timeout = await t.throwsAsync(read(withOptions(agent, { timeoutMs: 200 }).pending(late)));
    t.regex(String((timeout as { code?: string }).code), /_TIMEOUT$/);
    return textOf(late).endsWith('finally\n');
  });

  const giveUp = new AbortController();
  const values: string[] = [];
  const reason = await t.throwsAsync(async () => {
    for await (const value of withOptions(agent, { signal: giveUp.signal }).pending(aborted)) {
      values.push(value);
      giveUp.abort(new Error('enough'));
    }
  });
  t.is(reason?.message, 'enough');
  t.deepEqual(values, ['first']);
  await until(() => textOf(aborted) === 'ERR_LAUNCHPOOL_CANCELLED, finally\n');

  {
    await using stream = agent.pending(disposed);
    t.like(await stream[Symbol.asyncIterator]().next(), { value: 'first' });
  }
  await until(() => textOf(disposed) === 'ERR_LAUNCHPOOL_CANCELLED, finally\n');
});

test('a stream whose request is cancelled before it starts is ended', async (t) => {
  const [file, gate] = [await inFolder(t), await inFolder(t)];
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'later', [file, gate]));
  await until(() => textOf(file) === 'called\n');
  client.socket.write(notify('$/cancelRequest', { id: 1 }));
  t.is((await untilResponse(client)).at(-1)?.error?.data.code, 'ERR_LAUNCHPOOL_CANCELLED');
  writeFileSync(gate, '');
  // A thread that is busy may learn of it late.
  await until(() => /^called\n(asked\n)?returned\n$/.test(textOf(file)));
});

test('a stream that is open at the end of the drain gets its error before the connection closes', async (t) => {
  const file = await inFolder(t);
  const { socketPath: path, controlPath } = await holdAgent(t, AGENT, [
    '--threads',
    '1',
    '--drain',
    '0.2',
    '--cancel-grace',
    '10',
  ]);
  const client = await dial(t, path);
  client.socket.write(request(1, 'endless', [file], { stream: { items: 2 } }));
  await client.until(1);
  await using control = await connect<{ drain(): unknown }>(controlPath);
  await control.drain();
  const messages = await untilResponse(client);
  t.deepEqual(valuesOf(messages), [0, 1]);
  t.is(messages.at(-1)?.error?.data.code, 'ERR_LAUNCHPOOL_CANCELLED');
  await until(() => textOf(file) === 'ERR_LAUNCHPOOL_CANCELLED, finally\n');
});

test('an iterator that waits is ended by its return()', async (t) => {
  const file = await inFolder(t);
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'events', [file]));
  await until(() => textOf(file) === 'waits\n');
  client.socket.write(notify('$/cancelRequest', { id: 1 }));
  t.is((await untilResponse(client)).at(-1)?.error?.data.code, 'ERR_LAUNCHPOOL_CANCELLED');
  await until(() => textOf(file) === 'waits\nreturned\n');
});

test('a generator that never waits costs the other calls of its thread their time, and nothing else', async (t) => {
  const file = await inFolder(t);
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'endless', [file]));
  await client.until(1);
  await using agent = await connect<Streaming>(await socketPath());
  for (let call = 0; call < 20; call += 1) t.is(await agent.add(call, 1), call + 1);
  client.socket.destroy();
  await until(() => textOf(file) !== '');
});

test('a reader that sleeps stops the generator, and no other call', async (t) => {
  const { socketPath: path } = await holdAgent(t, AGENT, ['--threads', '1']);
  const file = await inFolder(t);
  const client = await dial(t, path);
  client.socket.pause();
  client.socket.write(request(1, 'endless', [file]));
  await using agent = await connect<Streaming>(path);
  let before = -1;
  await until(async () => {
    const made = await agent.madeSoFar();
    const isStill = made > 0 && made === before;
    before = made;
    return isStill;
  });
  t.log(`${before} values of one to six bytes made`);
  t.true(before < 400_000);
  client.socket.resume();
  await until(async () => (await agent.madeSoFar()) > before + 100_000);
  client.socket.destroy();
  await until(() => textOf(file) !== '');
});

test('a generator that ignores its end is an orphan after the grace period, and its thread goes on', async (t) => {
  const { socketPath: path, controlPath } = await holdAgent(t, AGENT, ['--threads', '1']);
  await using agent = await connect<Streaming>(path);
  await using control = await connect<{ status(): { counters: { orphaned: number } } }>(controlPath);
  const thread = await agent.where();
  for await (const _value of agent.deaf()) break;
  await until(async () => (await control.status()).counters.orphaned === 1);
  t.is(await agent.where(), thread);
});

test('streams of one connection are read side by side, each at the pace of its reader', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  const slow = agent.texts(20_000, 64)[Symbol.asyncIterator]();
  t.like(await slow.next(), { done: false });
  // More values than the slow reader has room for pass it.
  t.is((await read(agent.texts(50_000, 64))).length, 50_000);
  let rest = 0;
  for await (const _value of slow) rest += 1;
  t.is(rest, 19_999);
});

test('a call of a closed agent rejects, whether it is awaited or iterated', async (t) => {
  const agent = await connect<Streaming>(await socketPath());
  const pending = agent.pending(await inFolder(t));
  await close(agent);
  await t.throwsAsync(read(pending), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  await t.throwsAsync(read(agent.count(1)), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  await t.throwsAsync(agent.add(1, 2), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
});
