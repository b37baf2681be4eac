/** Parameters that are streams, sent by JSON-RPC as it stands on the wire, and by the TypeScript client. */
import { join } from 'node:path';
import test from 'ava';
import { connect, withOptions } from '../../src/client/index.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { fixture } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until, untilWritten } from '../helpers/until.ts';

type Streaming = typeof import('../fixtures/agents/streaming.ts');
const socketPath = sharedAgent(fixture('agents/streaming.ts'), () => ['--threads', '1']);
const frame = (message: object): Buffer => encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', ...message }));

type Made = { values: AsyncGenerator<number>; made: () => number; isOver: () => boolean };

/** Whole numbers, and how many of them were made. */
function numbers(to = Number.POSITIVE_INFINITY): Made {
  let made = 0;
  let isOver = false;
  async function* each(): AsyncGenerator<number> {
    try {
      for (; made < to; made += 1) yield made;
    } finally {
      isOver = true;
    }
  }
  return { values: each(), made: () => made, isOver: () => isOver };
}

test('the values of a parameter reach the handler in order, and none is missing', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  t.is(await agent.sum(numbers(0).values, 7), 7);
  t.is(await agent.sum(numbers(10).values, 0), 45);
  t.is(await agent.sum(numbers(100_000).values, 0), 4_999_950_000);
  async function* texts(...all: string[]): AsyncGenerator<string> {
    yield* all;
  }
  t.is(await agent.zipped(texts('a', 'b'), texts('1', '2')), 'a1 b2');
  t.is(await agent.zipped(ReadableStream.from(['x']), texts('y')), 'xy');
});

test('a handler that has read enough ends the source', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  const some = numbers();
  t.deepEqual(await agent.first(some.values, 3), [0, 1, 2]);
  await until(some.isOver);
  t.log(`${some.made()} values made`);
  t.true(some.made() < 10_000);
  const none = numbers();
  t.is(await agent.ignores(none.values), 'ignored');
  t.is(none.made(), 0);
});

test('values go both ways at the same time', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  let next = 0;
  for await (const value of agent.doubled(numbers(20_000).values)) {
    if (value !== 2 * next) t.fail(`${value} at ${next}`);
    next += 1;
  }
  t.is(next, 20_000);
  const endless = numbers();
  for await (const value of agent.doubled(endless.values)) if (value === 10) break;
  await until(endless.isOver);
});

test('an error of the source is an error in the handler; so is a cancellation', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  async function* fails(): AsyncGenerator<number> {
    yield 1;
    throw Object.assign(new Error('no more'), { code: 'E_SOURCE' });
  }
  t.is(await agent.catches(fails()), 'E_SOURCE');
  async function* unsendable(): AsyncGenerator<unknown> {
    yield Symbol('x');
  }
  await t.throwsAsync(agent.first(unsendable(), 1), { message: /a symbol/ });
  async function* waits(): AsyncGenerator<number> {
    yield 1;
    await new Promise(() => undefined);
  }
  const timeout = await t.throwsAsync(withOptions(agent, { timeoutMs: 100 }).sum(waits(), 0));
  t.regex(String((timeout as { code?: string }).code), /_TIMEOUT$/);
  t.is(await agent.add(1, 2), 3);
});

test('a source whose return() throws costs neither the call nor its connection', async (t) => {
  await using agent = await connect<Streaming>(await socketPath());
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: 1 }),
      return() {
        throw new Error('no return');
      },
    }),
  };
  t.deepEqual(await agent.first(source, 2), [1, 1]);
  t.is(await agent.add(1, 2), 3);
});

test('on the wire: credit, values and their end', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(frame({ id: 1, method: 'sum', params: [{ $stream: 5 }, 1] }));
  const [more] = (await client.until(1)).map((text) => JSON.parse(text));
  t.like(more, { jsonrpc: '2.0', method: '$/more', params: { id: 1, stream: 5 } });
  t.true(more.params.items > 0 && more.params.bytes > 0);
  client.socket.write(frame({ method: '$/items', params: { id: 1, stream: 5, values: [2, 3] } }));
  client.socket.write(frame({ method: '$/items', params: { id: 1, stream: 5, values: [4], end: true } }));
  t.is((await client.until(2))[1], '{"jsonrpc":"2.0","id":1,"result":10}');
  client.socket.write(frame({ id: 2, method: 'first', params: [{ $stream: 0 }, 1] }));
  await client.until(3);
  client.socket.write(frame({ method: '$/items', params: { id: 2, stream: 0, values: ['x', 'y'] } }));
  const messages = (await client.until(5)).slice(3).map((text) => JSON.parse(text));
  t.deepEqual(messages, [
    { jsonrpc: '2.0', method: '$/stop', params: { id: 2, stream: 0 } },
    { jsonrpc: '2.0', id: 2, result: ['x'] },
  ]);
  // Values of a request that is over have no reader.
  client.socket.write(frame({ method: '$/items', params: { id: 2, stream: 0, values: ['z'] } }));
  client.socket.write(frame({ id: 3, method: 'add', params: [1, 2] }));
  t.is((await client.until(6))[5], '{"jsonrpc":"2.0","id":3,"result":3}');
});

test('the error of a source is an error object, or text', async (t) => {
  const client = await dial(t, await socketPath());
  const errors: [error: unknown, expected: string][] = [
    [{ code: -5, message: 'source broke' }, 'source broke -5'],
    [{ code: -32000, message: 'm', data: { name: 'RangeError', code: 'E_OWN' } }, 'm E_OWN'],
    ['plain text', 'plain text ERR_LAUNCHPOOL_HANDLER'],
    [{ toString: 1 }, 'the source of the stream has failed ERR_LAUNCHPOOL_HANDLER'],
  ];
  for (const [index, [error, expected]] of errors.entries()) {
    client.socket.write(frame({ id: index, method: 'reports', params: [{ $stream: 0 }] }));
    await client.until(2 * index + 1);
    client.socket.write(frame({ method: '$/items', params: { id: index, stream: 0, end: true, error } }));
    t.is(JSON.parse((await client.until(2 * index + 2))[2 * index + 1] as string).result, expected);
  }
});

test('more values than there was credit for end the request', async (t) => {
  const client = await dial(t, await socketPath());
  client.socket.write(frame({ id: 1, method: 'catches', params: [{ $stream: 0 }] }));
  await client.until(1);
  const values = Array.from({ length: 5_000 }, () => 1);
  client.socket.write(frame({ method: '$/items', params: { id: 1, stream: 0, values } }));
  t.is((await client.until(2))[1], '{"jsonrpc":"2.0","id":1,"result":"ERR_LAUNCHPOOL_PARAMS_INVALID"}');
  client.socket.write(frame({ id: 2, method: 'zipped', params: [{ $stream: 0 }, { $stream: 0 }] }));
  t.is(JSON.parse((await client.until(3))[2] as string).error.data.code, 'ERR_LAUNCHPOOL_PARAMS_INVALID');
});

test('values that are not JSON, or no array, end the stream and nothing else', async (t) => {
  const client = await dial(t, await socketPath());
  const broken = [
    '{"jsonrpc":"2.0","method":"$/items","params":{"id":ID,"stream":0,"values":[}',
    '{"jsonrpc":"2.0","method":"$/items","params":{"id":ID,"stream":0,"values":"x"}}',
    '{"jsonrpc":"2.0","method":"$/items","params":{"id":ID,"stream":0,"error":{"toString":1}}}',
  ];
  for (const [index, payload] of broken.entries()) {
    const id = index + 1;
    client.socket.write(frame({ id, method: 'catches', params: [{ $stream: 0 }] }));
    await client.until(2 * id - 1);
    client.socket.write(encodeTextFrame(payload.replace('ID', String(id))));
    const reply = JSON.parse((await client.until(2 * id))[2 * id - 1] as string);
    t.is(reply.id, id);
    t.not(reply.result, 'nothing');
  }
  await using agent = await connect<Streaming>(await socketPath());
  t.is(await agent.add(1, 2), 3);
});

test('a caller that is away ends the parameter', async (t) => {
  const path = await socketPath();
  const file = join(await tempDir(t), 'file');
  const client = await dial(t, path);
  client.socket.write(frame({ id: 1, method: 'notesEnd', params: [{ $stream: 0 }, file] }));
  await client.until(1);
  client.socket.destroy();
  t.is(await untilWritten(file), 'ERR_LAUNCHPOOL_CANCELLED');
});
