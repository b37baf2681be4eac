/** The control socket: answers, their order, and the limits of a connection. */
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { encodeTextFrame, frameHeader } from '../../../wire/frame.ts';
import { serveControl } from '../../helpers/control-server.ts';
import { dial, type FrameClient } from '../../helpers/frame-client.ts';

const question = (id: number | undefined, method: string, params?: unknown): Buffer =>
  encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id, method, params }));

/** Sends a text and returns the answer. */
async function answerTo(t: ExecutionContext, client: FrameClient, text: string): Promise<Record<string, unknown>> {
  const before = client.frames.length;
  client.socket.write(encodeTextFrame(text));
  const frames = await client.until(before + 1);
  t.is(frames.length, before + 1);
  return JSON.parse(frames[before] as string);
}

test('a method gets its params as an array, and its error is the answer', async (t) => {
  const { controlPath } = await serveControl(t, {
    echo: ({ params }) => params,
    fail() {
      throw Object.assign(new RangeError('no'), { code: 'E_NO' });
    },
    odd: () => 1n,
  });
  const client = await dial(t, controlPath);
  const ask = (text: string): Promise<Record<string, unknown>> => answerTo(t, client, text);
  t.deepEqual(await ask('{"jsonrpc":"2.0","id":1,"method":"echo","params":[1,"two"]}'), {
    jsonrpc: '2.0',
    id: 1,
    result: [1, 'two'],
  });
  t.like(await ask('{"jsonrpc":"2.0","id":2,"method":"echo","params":{"a":1}}'), { result: [{ a: 1 }] });
  t.like(await ask('{"jsonrpc":"2.0","id":3,"method":"echo"}'), { result: [] });
  t.like(await ask('{"jsonrpc":"2.0","id":4,"method":"fail"}'), {
    id: 4,
    error: { message: 'no', data: { code: 'E_NO' } },
  });
  t.like(await ask('{"jsonrpc":"2.0","id":5,"method":"odd"}'), {
    id: 5,
    error: { data: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' } },
  });
});

test('an unknown method is answered with the list of methods', async (t) => {
  const { controlPath } = await serveControl(t, { ping: () => 'pong', status: () => ({}) });
  const client = await dial(t, controlPath);
  for (const method of ['nope', 'toString', '__proto__']) {
    t.like(await answerTo(t, client, `{"jsonrpc":"2.0","id":1,"method":"${method}"}`), {
      error: {
        code: -32601,
        data: { code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND', hint: 'Use one of: ping, status.' },
      },
    });
  }
  t.like(await answerTo(t, client, 'no JSON'), { id: null, error: { code: -32700 } });
});

test('questions of a connection are answered in order, a batch by one answer, a notification by none', async (t) => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const received: string[] = [];
  const { controlPath } = await serveControl(t, {
    slow: async () => {
      await gate;
      return 'slow';
    },
    fast: () => 'fast',
    note: () => void received.push('note'),
  });
  const client = await dial(t, controlPath);
  client.socket.write(question(1, 'slow'));
  client.socket.write(question(undefined, 'note'));
  client.socket.write(question(2, 'fast'));
  client.socket.write(
    encodeTextFrame('[{"jsonrpc":"2.0","id":3,"method":"fast"},{"jsonrpc":"2.0","method":"note"},{"id":4}]'),
  );
  // Another connection does not wait.
  t.like(await answerTo(t, await dial(t, controlPath), '{"jsonrpc":"2.0","id":1,"method":"fast"}'), { result: 'fast' });
  t.is(client.frames.length, 0);
  open();
  const [slow = '', fast = '', batch = ''] = await client.until(3);
  t.like(JSON.parse(slow), { id: 1, result: 'slow' });
  t.like(JSON.parse(fast), { id: 2, result: 'fast' });
  t.deepEqual(
    JSON.parse(batch).map(({ id }: { id: unknown }) => id),
    [3, 4],
  );
  t.deepEqual(received, ['note', 'note']);
});

test('a batch of more than 16 questions is refused', async (t) => {
  let asked = 0;
  const { controlPath } = await serveControl(t, {
    count: () => {
      asked += 1;
      return asked;
    },
  });
  const client = await dial(t, controlPath);
  const batchOf = (count: number): string =>
    JSON.stringify(Array.from({ length: count }, (_unused, id) => ({ jsonrpc: '2.0', id, method: 'count' })));
  t.like(await answerTo(t, client, batchOf(17)), { id: null, error: { code: -32600 } });
  t.is(asked, 0);
  t.is(((await answerTo(t, client, batchOf(16))) as unknown as unknown[]).length, 16);
});

test('after() runs once the answer is sent', async (t) => {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const { controlPath } = await serveControl(t, {
    go({ after }) {
      after(resolve);
      return 'going';
    },
  });
  const client = await dial(t, controlPath);
  t.like(await answerTo(t, client, '{"jsonrpc":"2.0","id":1,"method":"go"}'), { result: 'going' });
  await done;
  t.pass();
});

test('after() runs without an answer, and after a closed connection', async (t) => {
  const { promise: closed, resolve: continueLate } = Promise.withResolvers<void>();
  const calls = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { controlPath } = await serveControl(t, {
    note: ({ after }) => after(() => calls[0]?.resolve()),
    late: async ({ after }) => {
      await closed;
      after(() => calls[1]?.resolve());
    },
  });
  const [first, second] = [await dial(t, controlPath), await dial(t, controlPath)];
  first.socket.write(question(undefined, 'note'));
  await calls[0]?.promise;
  second.socket.write(question(1, 'late'));
  second.socket.destroy();
  await once(second.socket, 'close');
  continueLate();
  await calls[1]?.promise;
  t.pass();
});

test('the questions of one connection have one asker', async (t) => {
  const askers: object[] = [];
  const { controlPath } = await serveControl(t, { who: ({ asker }) => void askers.push(asker) });
  const [one, other] = [await dial(t, controlPath), await dial(t, controlPath)];
  for (const client of [one, other, one]) await answerTo(t, client, '{"jsonrpc":"2.0","id":1,"method":"who"}');
  const [first, second, third] = askers;
  t.is(first, third);
  t.not(first, second);
});

test('a connection over the limit is closed, and a closed connection makes room', async (t) => {
  const { controlPath } = await serveControl(t, { ping: () => 'pong' }, { maxConnections: 2 });
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const [one, two] = [await dial(t, controlPath), await dial(t, controlPath)];
  for (const client of [one, two]) t.like(await answerTo(t, client, ping), { result: 'pong' });
  t.deepEqual(await (await dial(t, controlPath)).ended, []);
  t.like(await answerTo(t, one, ping), { result: 'pong' });
  one.socket.end();
  await one.ended;
  one.socket.destroy();
  // An answer shows that the server has seen the close.
  for (;;) {
    const next = await dial(t, controlPath);
    next.socket.write(encodeTextFrame(ping));
    if ((await next.until(1)).length === 1) break;
  }
  t.like(await answerTo(t, two, ping), { result: 'pong' });
});

test('a client that is silent or does not read is closed; a client that waits for an answer is not', async (t) => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const answers = {
    late: async () => {
      first.resolve();
      await gate;
      return 'late';
    },
    much() {
      second.resolve();
      return 'x'.repeat(4 * 1024 * 1024);
    },
  };
  const { controlPath } = await serveControl(t, answers, { inactivityMs: 2_000 });
  const patient = await dial(t, controlPath);
  patient.socket.write(question(1, 'late'));
  await first.promise;
  const greedy = await dial(t, controlPath);
  greedy.socket.pause();
  greedy.socket.write(question(1, 'much'));
  await second.promise;
  // Their timeouts fire after those of the earlier clients. A write that makes some progress gets a second timeout.
  for (let timeouts = 0; timeouts < 2; timeouts += 1) t.deepEqual(await (await dial(t, controlPath)).ended, []);
  open();
  t.like(JSON.parse((await patient.until(1))[0] as string), { result: 'late' });
  greedy.socket.resume();
  t.is((await greedy.ended).length, 0);
});

test('a question over the limit, or an invalid frame, closes the connection', async (t) => {
  const { controlPath } = await serveControl(t, { ping: () => 'pong' });
  for (const bytes of [frameHeader(64 * 1024 + 1), Buffer.from([0xff, 0xff, 0xff, 0xfe])]) {
    const client = await dial(t, controlPath);
    client.socket.write(bytes);
    t.deepEqual(await client.ended, []);
  }
  const longest = await dial(t, controlPath);
  const text = '{"jsonrpc":"2.0","id":1,"method":"ping"}'.padEnd(64 * 1024);
  t.like(await answerTo(t, longest, text), { result: 'pong' });
});

test('a client that has ended its direction gets all answers', async (t) => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { controlPath } = await serveControl(t, { late: () => gate.then(() => 'late'), ping: () => 'pong' });
  const client = await dial(t, controlPath);
  client.socket.write(question(1, 'late'));
  client.socket.end(question(2, 'ping'));
  open();
  t.is((await client.ended).length, 2);
});
