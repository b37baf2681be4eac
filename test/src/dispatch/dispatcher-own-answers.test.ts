/** What the dispatcher says itself: of requests whose thread was lost, and of a conversation that it must end. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { type Bench, createBench, openConversation, runOf, stopBenches } from '../../helpers/dispatch-bench.ts';

test.after.always(stopBenches);

const TOO_LARGE = new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_TOO_LARGE', 'too large');
const EXITED = '!ERR_LAUNCHPOOL_THREAD_EXITED';
const CLOSES = '!ERR_LAUNCHPOOL_FRAME_TOO_LARGE';

/** What a connection was told, with what was sent to it as values. */
function heard(received: readonly string[]): unknown[] {
  return received.map((word) => (word.startsWith('!') ? word : (JSON.parse(word) as unknown)));
}

/** What is told to a connection whose one request goes to a thread that is lost under it. */
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
  test(`${what} whose thread was lost is answered by its id`, async (t) => {
    t.deepEqual(heard(await lose(createBench({ known: 'rpc' }), request)), [answer]);
  });

  test(`${what} whose thread was lost before the module was known is answered by its id`, async (t) => {
    t.deepEqual(heard(await lose(createBench(), request)), [answer]);
  });
}

test('an id is echoed to the letter though its thread was lost', async (t) => {
  const [sent] = await lose(createBench({ known: 'rpc' }), '{"method":"m","id":12345678901234567890}');
  t.true(sent?.startsWith('{"jsonrpc":"2.0","id":12345678901234567890,"error":{'), sent);
});

for (const request of ['{"jsonrpc":"2.0","method":"m"}', '[{"method":"m"},{"method":"n"}]']) {
  test(`what awaits no answer gets none though its thread was lost: ${request}`, async (t) => {
    t.deepEqual(await lose(createBench({ known: 'rpc' }), request), []);
  });
}

test('a lost RPC request is answered without waiting for others', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('{"id":1,"method":"slow"}'));
  await bench.settle();
  conversation.dispatch(runOf('{"id":2,"method":"m"}'));
  await bench.settle();
  await bench.tasks[1]?.crash();
  t.deepEqual(heard(received), [exited(2)]);
  await bench.calls[0]?.answer('"slow"');
  t.deepEqual(heard(received), [exited(2), 'slow']);
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
  t.deepEqual(heard(received), []);
  await bench.calls[0]?.answer('1');
  t.deepEqual(heard(received), [1, EXITED]);
});

for (const [what, known, expected] of [
  ['an RPC agent', 'rpc', [exited(2)]],
  ['a raw agent', 'raw', [EXITED]],
] as const) {
  test(`a thread that ends in the middle of a batch costs ${what} what it had begun, and nothing else`, async (t) => {
    const bench = createBench({ known, byHand: true });
    const [one, two, three] = [openConversation(bench), openConversation(bench), openConversation(bench)];
    for (const [id, { conversation }] of [one, two, three].entries())
      conversation.dispatch(runOf(`{"id":${id + 1},"method":"m"}`));
    await bench.settle();
    bench.tasks[0]?.worker.begin();
    bench.tasks[0]?.worker.begin();
    bench.tasks[0]?.worker.finish(0, runOf('"done"'));
    await bench.tasks[0]?.crash();
    t.deepEqual([heard(one.received), heard(two.received), heard(three.received)], [['done'], [...expected], []]);
    t.deepEqual(bench.tasks[1]?.worker.begin(), { index: 0, text: '{"id":3,"method":"m"}' });
  });
}

test('a thread that ends before anything is known of the module costs its task, and no other thread', async (t) => {
  const bench = createBench({ byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('{"id":1,"method":"m"}'));
  await bench.settle();
  await bench.tasks[0]?.crash();
  t.deepEqual([heard(received), bench.tasks.length], [[exited(1)], 1]);
});

test('a request that one thread after the other dies before is answered in the end', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('{"id":1,"method":"m"}'));
  await bench.settle();
  for (let thread = 0; thread < 99; thread += 1) await bench.tasks[thread]?.crash();
  t.deepEqual(received, []);
  await bench.tasks[99]?.crash();
  t.deepEqual([heard(received), bench.tasks.length], [[exited(1)], 100]);
});

test('a long request whose thread was lost is answered by its id', async (t) => {
  t.deepEqual(heard(await lose(createBench({ known: 'rpc' }), `{"id":7,"method":"${'m'.repeat(200_000)}"}`)), [
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

test('an RPC agent says what it refuses, and closes', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, received } = openConversation(bench);
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  t.deepEqual(heard(received), [REFUSAL, CLOSES]);
  t.is(bench.tasks.length, 0);
});

test('a raw agent has no word for what it refuses, and closes', async (t) => {
  const bench = createBench({ known: 'raw' });
  const { conversation, received } = openConversation(bench);
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  t.deepEqual(heard(received), [CLOSES]);
});

for (const [what, kind, expected] of [
  ['a raw agent', 'raw', [CLOSES]],
  ['an RPC agent', 'rpc', [REFUSAL, CLOSES]],
] as const) {
  test(`a refusal waits until the module is known, which turns out to be ${what}`, async (t) => {
    const bench = createBench({ kind, byHand: true });
    const { conversation, received } = openConversation(bench);
    conversation.refuse(TOO_LARGE);
    await bench.settle();
    t.deepEqual([received, bench.tasks.map(({ task }) => task)], [[], [null]]);
    await bench.tasks[0]?.complete();
    t.deepEqual(heard(received), expected);
  });
}

test('a refusal is said though the thread that was to load the module was lost', async (t) => {
  const bench = createBench({ byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.refuse(TOO_LARGE);
  await bench.tasks[0]?.crash();
  t.deepEqual(heard(received), [REFUSAL, CLOSES]);
});

test('a refusal by an RPC agent comes behind the replies to all requests before it', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b'));
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  await bench.calls[1]?.answer('"B"');
  t.deepEqual(heard(received), ['B']);
  await bench.calls[0]?.answer('"A"');
  t.deepEqual(heard(received), ['B', 'A', REFUSAL, CLOSES]);
});

test('a raw agent that refuses closes behind the replies to all requests before it', async (t) => {
  const bench = createBench({ known: 'raw' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b'));
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  await bench.calls[1]?.answer('"B"');
  t.deepEqual(heard(received), []);
  await bench.calls[0]?.answer('"A"');
  t.deepEqual(heard(received), ['A', 'B', CLOSES]);
});

test('a refusal comes behind requests that have yet to be started', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, received, end } = openConversation(bench);
  end.full = true;
  conversation.dispatch(runOf('a'));
  conversation.refuse(TOO_LARGE);
  await turn();
  t.deepEqual(heard(received), []);
  end.full = false;
  conversation.resume();
  await bench.settle();
  await bench.calls[0]?.answer('"A"');
  t.deepEqual(heard(received), ['A', REFUSAL, CLOSES]);
});

test('a refusal comes behind requests that did not fit among those under way', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(...Array.from({ length: 100 }, (_unused, index) => String(index))));
  conversation.refuse(TOO_LARGE);
  await bench.settle();
  for (let next = 0; bench.dispatcher.requests > 0; ) {
    const task = bench.tasks[next];
    // What was slow here may have been taken back, and comes again.
    if (task === undefined) {
      await bench.settle();
      continue;
    }
    next += 1;
    for (let one = task.worker.begin(); one !== undefined; one = task.worker.begin()) {
      task.worker.finish(one.index, runOf(one.text));
    }
    await task.complete();
  }
  t.deepEqual(heard(received).slice(100), [REFUSAL, CLOSES]);
  const numbers = heard(received).slice(0, 100).map(Number);
  t.deepEqual(
    numbers.sort((a, b) => a - b),
    [...Array(100).keys()],
  );
});

test('nobody is told of a refusal who is gone', async (t) => {
  const { conversation, received } = openConversation(createBench({ known: 'rpc' }));
  conversation.abandon();
  conversation.refuse(TOO_LARGE);
  await turn();
  t.deepEqual(heard(received), []);
});
