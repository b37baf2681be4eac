/** MessagePack, as another program writes it, and by the TypeScript client. */
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { call, connect, notify, withOptions } from '../../src/client/index.ts';
import { encodeFrame, encodeTextFrame } from '../../wire/frame.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { dial, type FrameClient } from '../helpers/frame-client.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import { until } from '../helpers/until.ts';

type Values = typeof import('../fixtures/agents/values.ts');
type Message = {
  id?: unknown;
  method?: string;
  result?: unknown;
  error?: { code: number; message: string; data: { code: string; data?: unknown } };
  params?: { id: unknown; values?: unknown[]; items?: number };
};

/** The package as another program uses it: extensions are left as they are. */
const { Packr } = createRequire(import.meta.url)('msgpackr') as typeof import('msgpackr');
const other = new Packr({ useRecords: false, variableMapSize: true });

const AGENT = fixture('agents/values.ts');
const socketPath = sharedAgent(AGENT, () => ['--threads', '2']);
const frame = (message: unknown): Buffer => encodeFrame(other.pack(message));
const request = (id: unknown, method: string, params: unknown[], more: object = {}): Buffer =>
  frame({ jsonrpc: '2.0', id, method, params, ...more });

/** The first frames as messages, each in the encoding that it has. */
async function messagesOf({ frames, until }: FrameClient, count: number): Promise<Message[]> {
  await until(count);
  return frames
    .slice(0, count)
    .map((each) => (each[0] === 0x7b || each[0] === 0x5b ? JSON.parse(String(each)) : other.unpack(each)));
}

async function untilResponse(client: FrameClient): Promise<Message[]> {
  for (let count = 1; ; count += 1) {
    const messages = await messagesOf(client, count);
    if (messages.some((message) => 'id' in message)) return messages;
  }
}

async function ask(t: ExecutionContext, ...messages: Buffer[]): Promise<Message[]> {
  const client = await dial(t, await socketPath());
  for (const message of messages) client.socket.write(message);
  return messagesOf(client, messages.length);
}

test('a request in MessagePack has its reply in MessagePack, whatever the result is', async (t) => {
  const bytes = Buffer.from('bytes');
  const client = await dial(t, await socketPath());
  client.socket.write(request('a', 'echo', [{ list: [1, null, true, 'ä', 1.5], bytes, at: new Date(1_500) }]));
  const [message] = await messagesOf(client, 1);
  t.is((client.frames[0] as Buffer)[0], 0x83);
  t.deepEqual(message as unknown, {
    jsonrpc: '2.0',
    id: 'a',
    result: { list: [1, null, true, 'ä', 1.5], bytes, at: new Date(1_500) },
  });
});

test('ids come back as they were written', async (t) => {
  const ids = [0, 7, 300, -1, 2 ** 40, 1.5, '', 'id', null, 2n ** 63n];
  const replies = await ask(t, ...ids.map((id) => request(id, 'echo', [1])));
  const sorted = (all: unknown[]): unknown[] => all.map((id) => `${typeof id} ${id}`).sort();
  t.deepEqual(sorted(replies.map(({ id }) => id)), sorted(ids));
  t.true(replies.every(({ result }) => result === 1));
});

test('errors: of the handler, unknown methods, and what is no request', async (t) => {
  const [thrown] = await ask(t, request(1, 'fail', []));
  t.like(thrown, { id: 1, error: { code: -32000, message: 'too far', data: { code: 'E_RANGE', data: { at: 7 } } } });
  const [unknown] = await ask(t, request(2, 'nothing', []));
  t.like(unknown, { id: 2, error: { code: -32601 } });
  const [refused] = await ask(t, request(3, 'callback', []));
  t.like(refused, { id: 3, error: { code: -32603, data: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' } } });
  t.regex(refused?.error?.message ?? '', /a function at \.nested\[0\]/);
  const cases: [unknown, string, unknown][] = [
    [{ jsonrpc: '1.0', id: 4, method: 'echo' }, 'ERR_LAUNCHPOOL_REQUEST_INVALID', 4],
    [{ jsonrpc: '2.0', id: [1], method: 'echo' }, 'ERR_LAUNCHPOOL_REQUEST_INVALID', null],
    [{ jsonrpc: '2.0', id: 6, method: 'echo', params: 7 }, 'ERR_LAUNCHPOOL_PARAMS_INVALID', 6],
    [{ jsonrpc: '2.0', id: 8, method: 'echo', params: [], stream: 'yes' }, 'ERR_LAUNCHPOOL_REQUEST_INVALID', 8],
  ];
  for (const [message, code, id] of cases) t.like((await ask(t, frame(message)))[0], { id, error: { data: { code } } });
  for (const payload of ['82 a2 6964 01', '91', '81 01 02', '93 c1 c1 c1']) {
    const [reply] = await ask(t, encodeFrame(Buffer.from(payload.replaceAll(' ', ''), 'hex')));
    t.like(reply, { id: null });
    t.regex(reply?.error?.data.code ?? '', /PARSE|ENCODING/);
  }
});

test('a batch has one array as its reply; notifications have none', async (t) => {
  const client = await dial(t, await socketPath());
  const single = (id: unknown, method: string, ...params: unknown[]): object => ({
    jsonrpc: '2.0',
    id,
    method,
    params,
  });
  const quiet = { jsonrpc: '2.0', method: 'echo', params: [1] };
  client.socket.write(frame(quiet));
  client.socket.write(frame([single(1, 'late', 'a'), quiet, single(2, 'fail'), 7, single(3, 'bytes', 3)]));
  const [reply] = await messagesOf(client, 1);
  const replies = reply as unknown as Message[];
  t.deepEqual(
    replies.map(({ id }) => id),
    [1, 2, null, 3],
  );
  t.is(replies[0]?.result, 'a');
  t.like(replies[1], { error: { message: 'too far' } });
  t.like(replies[2], { error: { code: -32600 } });
  t.deepEqual(replies[3]?.result as unknown, Buffer.from([0, 1, 2]));
});

test('timeoutMs and $/cancelRequest end a request, and the reply is MessagePack', async (t) => {
  await ask(t, request(0, 'echo', [1]));
  await until(async () => {
    const [late] = await ask(t, request(1, 'hang', [], { timeoutMs: 500 }));
    t.like(late, { id: 1, error: { code: -32003 } });
    // On a machine that is busy, the time may be over before the request starts.
    return late?.error?.data.code === 'ERR_LAUNCHPOOL_RUN_TIMEOUT';
  });
  for (const encode of [frame, (message: unknown): Buffer => encodeTextFrame(JSON.stringify(message))]) {
    for (const id of [5, 'text']) {
      const client = await dial(t, await socketPath());
      client.socket.write(request(id, 'hang', []));
      client.socket.write(encode({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } }));
      const [cancelled] = await messagesOf(client, 1);
      t.like(cancelled, { id, error: { code: -32800 } });
      t.not((client.frames[0] as Buffer)[0], 0x7b);
    }
  }
});

test('values of a stream come in MessagePack; bytes that the handler uses again are those of their time', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'chunks', [5, 70_000], { stream: true }));
  const messages = await untilResponse(client);
  t.deepEqual(messages.pop() as unknown, { jsonrpc: '2.0', id: 1, result: new Date(5) });
  const values = messages.flatMap(({ params }) => params?.values ?? []) as Uint8Array[];
  t.deepEqual(
    values.map((value) => [value.length, value[0], value.at(-1)]),
    [0, 1, 2, 3, 4].map((n) => [70_000, n, n]),
  );
});

test('credit and a parameter that is a stream work in MessagePack', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(request(1, 'chunks', [3, 10], { stream: { items: 1 } }));
  const [first] = await messagesOf(client, 1);
  t.is(first?.params?.values?.length, 1);
  client.socket.write(frame({ jsonrpc: '2.0', method: '$/more', params: { id: 1, items: 10 } }));
  t.like((await untilResponse(client)).at(-1), { id: 1, result: new Date(3) });

  const sender = await dial(t, await socketPath());
  sender.socket.write(request(2, 'total', [{ $stream: 0 }]));
  const [more] = await messagesOf(sender, 1);
  t.like(more, { method: '$/more', params: { id: 2 } });
  const items = (params: object): Buffer =>
    frame({ jsonrpc: '2.0', method: '$/items', params: { id: 2, stream: 0, ...params } });
  sender.socket.write(items({ values: [Buffer.from([1, 2]), Buffer.from([3])] }));
  sender.socket.write(items({ end: true }));
  t.like((await untilResponse(sender)).at(-1), { id: 2, result: 6 });
});

test('a JSON request that accepts MessagePack gets it for what JSON does not have, and JSON for all else', async (t) => {
  const client = await dial(t, await socketPath());
  const json = (id: unknown, method: string, params: unknown[], more: object): Buffer =>
    encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id, method, params, ...more }));
  const accept = ['msgpack'];
  client.socket.write(json(1, 'echo', [{ a: 1 }], { accept }));
  t.deepEqual((await messagesOf(client, 1))[0] as unknown, { jsonrpc: '2.0', id: 1, result: { a: 1 } });
  t.is((client.frames[0] as Buffer)[0], 0x7b);
  client.socket.write(json('b', 'bytes', [2], { accept }));
  t.deepEqual((await messagesOf(client, 2))[1] as unknown, { jsonrpc: '2.0', id: 'b', result: Buffer.from([0, 1]) });
  client.socket.write(json(3, 'bytes', [2], {}));
  t.like((await messagesOf(client, 3))[2], { id: 3, error: { data: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' } } });
  client.socket.write(json(4, 'bytes', [2], { accept: ['cbor'] }));
  t.like((await messagesOf(client, 4))[3], { id: 4, error: { data: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' } } });
  client.socket.write(
    encodeTextFrame(`[${JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'bytes', params: [2], accept })}]`),
  );
  t.like(((await messagesOf(client, 5))[4] as unknown as Message[])[0], { id: 5, error: { code: -32603 } });
  client.socket.write(json(6, 'fail', [], { accept }));
  t.like((await messagesOf(client, 6))[5], { id: 6, error: { message: 'too far' } });
  t.is((client.frames[5] as Buffer)[0], 0x7b);
});

test('a client of lines gets lines only', async (t) => {
  const client = await dial(t, await socketPath());
  const lines: string[] = [];
  client.socket
    .removeAllListeners('data')
    .setEncoding('utf8')
    .on('data', (text) => lines.push(String(text)));
  const line = (id: number, more: string): string =>
    `{"jsonrpc":"2.0","id":${id},"method":"bytes","params":[2]${more}}\n`;
  client.socket.write(line(1, ',"accept":["msgpack"]'));
  client.socket.write(line(2, ',"\\u0061ccept":["msgpack"]'));
  client.socket.write(
    Buffer.concat([other.pack({ jsonrpc: '2.0', id: 3, method: 'bytes', params: [2] }), Buffer.from('\n')]),
  );
  client.socket.write('{"jsonrpc":"2.0","id":4,"method":"echo","params":[{"accept":["msgpack"]}]}\n');
  while (lines.join('').split('\n').length < 5) await wait(1);
  const replies: Message[] = lines
    .join('')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
  const of = (id: unknown): Message | undefined => replies.find((reply) => reply.id === id);
  t.like(of(1), { error: { code: -32603 } });
  t.like(of(2), { error: { code: -32603 } });
  t.like(of(null), { error: { code: -32700 } });
  t.deepEqual(of(4)?.result, { accept: ['msgpack'] });
});

test('the TypeScript client sends and gets every value as itself', async (t) => {
  await using agent = await connect<Values>(await socketPath());
  t.deepEqual(await agent.when(new Date(7)), { at: new Date(7), days: new Map([['a', new Set([7n])]]) });
  const values = [
    new Uint8Array([1, 2]),
    { at: new Date(3), list: [new Map([[{ a: 1 }, new Set([1n])]])] },
    Number.NaN,
    [undefined, null],
    new Uint8Array(100_000).fill(7),
    'text',
  ];
  for (const value of values) {
    const expected = Array.isArray(value) ? [null, null] : value;
    t.deepEqual(await agent.echo(value), expected);
    t.deepEqual(await agent.late(value), expected);
  }
  t.deepEqual(await Promise.all(values.slice(0, 3).map((value) => agent.echo(value))), values.slice(0, 3));
  const bytes = await agent.bytes(3);
  t.is(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  t.is(await agent.shown(new Date(0), 2n, Buffer.from('a')), inspect([new Date(0), 2n, new Uint8Array([97])]));
  t.is(await agent.shown(2 ** 40, -(2 ** 40), 1e300), '[ 1099511627776, -1099511627776, 1e+300 ]');
});

test('values are taken when a method is called, and refused then', async (t) => {
  await using agent = await connect<Values>(await socketPath());
  const list = [1n];
  const map = new Map([['a', list]]);
  const called = agent.echo(map);
  map.clear();
  list.push(2n);
  t.deepEqual(await called, new Map([['a', [1n]]]));
  const error = await t.throwsAsync(agent.echo([new Map([['x', () => 1]])]));
  t.like(error, { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' });
  t.regex(String(error?.message), /a function at .*\.get\("x"\)/);
  t.throws(() => notify(agent, 'echo', Symbol('x')), { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' });
  notify(agent, 'echo', new Set([1]));
  t.is(await call(agent, 'echo', 1), 1);
});

test('streams of the TypeScript client carry bytes both ways, and what JSON has comes between what it has not', async (t) => {
  await using agent = await connect<Values>(await socketPath());
  const lengths: number[] = [];
  for await (const chunk of agent.chunks(20, 100_000)) {
    t.is(chunk[0], lengths.length);
    lengths.push(chunk.length);
  }
  t.is(lengths.length, 20);
  const all: unknown[] = [];
  for await (const value of agent.mixed(1_000)) all.push(value);
  t.deepEqual(
    all,
    Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? index : BigInt(index))),
  );
  t.deepEqual(await (agent.mixed(3) as unknown as Promise<unknown>), [0, 1n, 2]);
  t.deepEqual(await call(agent, 'mixed', 3), [0, 1n, 2]);
  async function* parts(): AsyncGenerator<Uint8Array> {
    const part = new Uint8Array(50_000);
    for (let index = 0; index < 10; index += 1) yield part.fill(1);
  }
  t.is(await agent.total(parts()), 500_000);
  async function* numbers(): AsyncGenerator<bigint> {
    for (let index = 0n; index < 100n; index += 1n) yield index;
  }
  const doubled: bigint[] = [];
  for await (const value of agent.doubled(numbers())) doubled.push(value);
  t.is(doubled.at(-1), 198n);
  t.is(doubled.length, 100);
});

test('progress and the id of a request in MessagePack reach the handler', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(request('p', 'reports', [], { progress: true }));
  const [report, response] = await messagesOf(client, 2);
  t.like(report, { method: '$/progress', params: { id: 'p', done: 1, total: 2, text: 'half' } });
  t.deepEqual(response?.result, { id: 'p' });
  await using agent = await connect<Values>(await socketPath());
  const reports: unknown[] = [];
  await call(withOptions(agent, { onProgress: (each) => reports.push(each) }), 'reports', new Date());
  t.is(reports.length, 1);
});

test('a client that speaks JSON alone sends a Date as text, and refuses what JSON does not have', async (t) => {
  await using agent = await connect(await socketPath(), { messagePack: false });
  t.is(await call(agent, 'shown', new Date(0)), "[ '1970-01-01T00:00:00.000Z' ]");
  await t.throwsAsync(call(agent, 'echo', 1n), { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' });
  await t.throwsAsync(call(agent, 'bytes', 2), { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
});

test('limits hold: a long reply, a large batch, and a busy agent', async (t) => {
  const { socketPath: path } = await holdAgent(t, AGENT, [
    '--threads',
    '1',
    '--max-reply',
    '65536',
    '--max-batch',
    '3',
  ]);
  const client = await dial(t, path);
  client.socket.write(request(1, 'bytes', [70_000]));
  t.like((await messagesOf(client, 1))[0], { id: 1, error: { data: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' } } });
  client.socket.write(frame([1, 2, 3, 4].map((id) => ({ jsonrpc: '2.0', id, method: 'echo', params: [1] }))));
  t.like((await messagesOf(client, 2))[1], { id: null, error: { code: -32600 } });
  client.socket.write(frame([1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'bytes', params: [40_000] }))));
  const replies = (await messagesOf(client, 3))[2] as unknown as Message[];
  t.deepEqual(
    replies.map(({ id, error }) => [id, error?.code]),
    [
      [1, -32603],
      [2, -32603],
    ],
  );
});
