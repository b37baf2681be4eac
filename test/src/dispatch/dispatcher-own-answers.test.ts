/** Replies that the dispatcher writes: for requests whose thread has exited, and for a conversation that it must end. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { type Bench, createBench, openConversation, runOf, stopBenches } from '../../helpers/dispatch-bench.ts';

test.after.always(stopBenches);

const TOO_LARGE = new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_TOO_LARGE', 'too large');
const EXITED = '!ERR_LAUNCHPOOL_THREAD_EXITED';
const CLOSES = '!ERR_LAUNCHPOOL_FRAME_TOO_LARGE';

/** The values that a connection received. */
function valuesOf(received: readonly string[]): unknown[] {
  return received.map((text) => (text.startsWith('!') ? text : (JSON.parse(text) as unknown)));
}

/** What a connection receives whose only request goes to a thread that exits. */
async function lose(bench: Bench, request: string): Promise<string[]> {
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(request));
  await bench.settle();
  await bench.tasks[0]?.crash();
  return received;
}

const exited = (id: unknown): unknown => ({
  jsonrpc: '2.0',
  id,
  error: {
    code: -32603,
    message: 'it ended',
    data: { name: 'LaunchpoolError', code: 'ERR_LAUNCHPOOL_THREAD_EXITED', retryable: false },
  },
});

for (const [what, request, answer] of [
  ['a request', '{"jsonrpc":"2.0","id":"a","method":"m","params":[{"id":1}]}', exited('a')],
  ['a request with the id null', '{"id":null,"method":"m"}', exited(null)],
  ['a batch', '[{"id":1,"method":"m"},{"method":"n"},{"id":"b","method":"m"}]', [exited(1), exited('b')]],
  ['a batch of one', '[{"id":1,"method":"m"}]', [exited(1)]],
] as const) {
  test(`${what} whose thread has exited gets an error reply by its id`, async (t) => {
    t.deepEqual(valuesOf(await lose(createBench({ known: 'rpc' }), request)), [answer]);
  });

  test(`${what} whose thread exited before the module was loaded gets an error reply by its id`, async (t) => {
    t.deepEqual(valuesOf(await lose(createBench(), request)), [answer]);
  });
}

test('an error reply repeats the id byte for byte after the thread has exited', async (t) => {
  const [sent] = await lose(createBench({ known: 'rpc' }), '{"method":"m","id":12345678901234567890}');
  t.true(sent?.startsWith('{"jsonrpc":"2.0","id":12345678901234567890,"error":{'), sent);
});

for (const request of ['{"jsonrpc":"2.0","method":"m"}', '[{"method":"m"},{"method":"n"}]']) {
  test(`a frame without a request to reply to gets none after its thread has exited: ${request}`, async (t) => {
    t.deepEqual(await lose(createBench({ known: 'rpc' }), request), []);
  });
}

test('the error reply to a lost RPC request waits for no other reply', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('{"id":1,"method":"slow"}'));
  await bench.settle();
  conversation.dispatch(runOf('{"id":2,"method":"m"}'));
  await bench.settle();
  await bench.tasks[1]?.crash();
  t.deepEqual(valuesOf(received), [exited(2)]);
  await bench.calls[0]?.answer('"slow"');
  t.deepEqual(valuesOf(received), [exited(2), 'slow']);
});

test('a lost raw request closes its connection, in its turn', async (t) => {
  const bench = createBench({ known: 'raw' });
  const { conversation, received } = openConversation(bench);
  for (const request of ['first', '{"id":1}', 'third']) {
    conversation.dispatch(runOf(request));
    await bench.settle();
  }
  await bench.tasks[1]?.crash();
  await bench.calls[2]?.answer('3');
  t.deepEqual(valuesOf(received), []);
  await bench.calls[0]?.answer('1');
  t.deepEqual(valuesOf(received), [1, EXITED]);
});

for (const [what, known, expected] of [
  ['an RPC agent', 'rpc', [exited(2)]],
  ['a raw agent', 'raw', [EXITED]],
] as const) {
  test(`a thread that exits during a batch of ${what} fails the started requests and no others`, async (t) => {
    const bench = createBench({ known, byHand: true });
    const [one, two, three] = [openConversation(bench), openConversation(bench), openConversation(bench)];
    for (const [id, { conversation }] of [one, two, three].entries())
      conversation.dispatch(runOf(`{"id":${id + 1},"method":"m"}`));
    await bench.settle();
    bench.tasks[0]?.worker.start();
    bench.tasks[0]?.worker.start();
    bench.tasks[0]?.worker.finish(0, runOf('"done"'));
    await bench.tasks[0]?.crash();
    t.deepEqual(
      [valuesOf(one.received), valuesOf(two.received), valuesOf(three.received)],
      [['done'], [...expected], []],
    );
    t.deepEqual(bench.tasks[1]?.worker.start(), { index: 0, text: '{"id":3,"method":"m"}' });
  });
}

test('a thread that exits before the module is loaded fails its task, and no other thread', async (t) => {
  const bench = createBench({ byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('{"id":1,"method":"m"}'));
  await bench.settle();
  await bench.tasks[0]?.crash();
  t.deepEqual([valuesOf(received), bench.tasks.length], [[exited(1)], 1]);
});

test('a request fails after enough threads have exited before they started it', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('{"id":1,"method":"m"}'));
  await bench.settle();
  for (let thread = 0; thread < 99; thread += 1) await bench.tasks[thread]?.crash();
  t.deepEqual(received, []);
  await bench.tasks[99]?.crash();
  t.deepEqual([valuesOf(received), bench.tasks.length], [[exited(1)], 100]);
});

test('a long request whose thread has exited gets an error reply by its id', async (t) => {
  t.deepEqual(valuesOf(await lose(createBench({ known: 'rpc' }), `{"id":7,"method":"${'m'.repeat(200_000)}"}`)), [
    exited(7),
  ]);
});

const REFUSAL = {
  jsonrpc: '2.0',
  id: null,
  error: {
    code: -32600,
    message: 'too large',
    data: { name: 'LaunchpoolError', code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE', retryable: false },
  },
};

test('an RPC agent sends the error of a refusal, and closes', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, received } = openConversation(bench);
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  t.deepEqual(valuesOf(received), [REFUSAL, CLOSES]);
  t.is(bench.tasks.length, 0);
});

test('a raw agent closes on a refusal without an error reply', async (t) => {
  const bench = createBench({ known: 'raw' });
  const { conversation, received } = openConversation(bench);
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  t.deepEqual(valuesOf(received), [CLOSES]);
});

for (const [what, kind, expected] of [
  ['a raw agent', 'raw', [CLOSES]],
  ['an RPC agent', 'rpc', [REFUSAL, CLOSES]],
] as const) {
  test(`${what} whose module is not loaded yet sends a refusal at once, and starts no task for it`, (t) => {
    const bench = createBench({ kind, byHand: true });
    const { conversation, received } = openConversation(bench);
    conversation.refuse(TOO_LARGE);
    t.deepEqual([valuesOf(received), bench.tasks], [expected, []]);
  });
}

test('the refusal of an RPC agent comes behind the replies to all earlier requests', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b'));
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  await bench.calls[1]?.answer('"B"');
  t.deepEqual(valuesOf(received), ['B']);
  await bench.calls[0]?.answer('"A"');
  t.deepEqual(valuesOf(received), ['B', 'A', REFUSAL, CLOSES]);
});

test('a raw agent closes on a refusal behind the replies to all earlier requests', async (t) => {
  const bench = createBench({ known: 'raw' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b'));
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  await bench.calls[1]?.answer('"B"');
  t.deepEqual(valuesOf(received), []);
  await bench.calls[0]?.answer('"A"');
  t.deepEqual(valuesOf(received), ['A', 'B', CLOSES]);
});

test('a refusal comes behind requests that have not started', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, received, end } = openConversation(bench);
  end.full = true;
  conversation.dispatch(runOf('a'));
  conversation.refuse(TOO_LARGE);
  await turn();
  t.deepEqual(valuesOf(received), []);
  end.full = false;
  conversation.resume();
  await bench.settle();
  await bench.calls[0]?.answer('"A"');
  t.deepEqual(valuesOf(received), ['A', REFUSAL, CLOSES]);
});

test('a refusal comes behind requests that the window holds back', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(...Array.from({ length: 100 }, (_unused, index) => String(index))));
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  for (let next = 0; bench.dispatcher.requests > 0; ) {
    const task = bench.tasks[next];
    // A slow frame may have been taken back, and comes again.
    if (task === undefined) {
      await bench.settle();
      continue;
    }
    next += 1;
    for (let started = task.worker.start(); started !== undefined; started = task.worker.start()) {
      task.worker.finish(started.index, runOf(started.text));
    }
    await task.complete();
  }
  t.deepEqual(valuesOf(received).slice(100), [REFUSAL, CLOSES]);
  const numbers = valuesOf(received).slice(0, 100).map(Number);
  t.deepEqual(
    numbers.sort((a, b) => a - b),
    [...Array(100).keys()],
  );
});

test('a closed connection gets no refusal', async (t) => {
  const { conversation, received } = openConversation(createBench({ known: 'rpc' }));
  conversation.abandon();
  conversation.refuse(TOO_LARGE);
  await turn();
  t.deepEqual(valuesOf(received), []);
});
