/** What the dispatcher says itself: of requests whose thread was lost, and of a conversation that it must end. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import type { Lost } from '../../../src/pool/pool.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { encodeTextFrame } from '../../../wire/frame.ts';
import type { AgentKind, Outcome } from '../../../workers/task.ts';
import { type Bench, createBench, openLane, runOf, wordsOf } from '../../helpers/dispatch-bench.ts';

const LOST: Lost = { kind: 'lost', error: new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'it ended') };
const TOO_LARGE = new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_TOO_LARGE', 'too large');
const EXITED = '!ERR_LAUNCHPOOL_THREAD_EXITED';
const CLOSES = '!ERR_LAUNCHPOOL_FRAME_TOO_LARGE';

const reply = (kind: AgentKind, text: string): Outcome => ({ kind, reply: encodeTextFrame(text) });

/** What a connection was told, with what was sent to it as values. */
function heard(told: readonly string[]): unknown[] {
  return wordsOf(told).map((word) => (word.startsWith('!') ? word : (JSON.parse(word) as unknown)));
}

/** What is told to a connection whose one request goes to a thread that is lost under it. */
async function lose(bench: Bench, request: string): Promise<string[]> {
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf(request));
  await bench.calls[0]?.settle(LOST);
  return told;
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
    t.deepEqual(heard(await lose(createBench('rpc'), request)), [answer]);
  });

  test(`${what} whose thread was lost before the module was known is answered by its id`, async (t) => {
    t.deepEqual(heard(await lose(createBench(), request)), [answer]);
  });
}

test('an id is echoed to the letter though its thread was lost', async (t) => {
  const [sent] = await lose(createBench('rpc'), '{"method":"m","id":12345678901234567890}');
  t.true(sent?.startsWith('{"jsonrpc":"2.0","id":12345678901234567890,"error":{'), sent);
});

for (const request of ['{"jsonrpc":"2.0","method":"m"}', '[{"method":"m"},{"method":"n"}]']) {
  test(`what awaits no answer gets none though its thread was lost: ${request}`, async (t) => {
    t.deepEqual(await lose(createBench('rpc'), request), ['.']);
  });
}

test('a lost RPC request is answered without waiting for others', async (t) => {
  const bench = createBench('rpc');
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('{"id":1,"method":"slow"}', '{"id":2,"method":"m"}'));
  await bench.calls[1]?.settle(LOST);
  t.deepEqual(heard(told), [exited(2)]);
  await bench.calls[0]?.settle(reply('rpc', '"slow"'));
  t.deepEqual(heard(told), [exited(2), 'slow']);
});

test('a lost raw request closes its connection, in its turn', async (t) => {
  const bench = createBench('raw');
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('first', '{"id":1}', 'third'));
  await bench.calls[1]?.settle(LOST);
  await bench.calls[2]?.settle(reply('raw', '3'));
  t.deepEqual(heard(told), []);
  await bench.calls[0]?.settle(reply('raw', '1'));
  t.deepEqual(heard(told), [1, EXITED]);
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
  const bench = createBench('rpc');
  const { lane, told } = openLane(bench);
  lane.refuse(TOO_LARGE);
  await turn();
  t.deepEqual(heard(told), [REFUSAL, CLOSES]);
  t.is(bench.calls.length, 0);
});

test('a raw agent has no word for what it refuses, and closes', async (t) => {
  const { lane, told } = openLane(createBench('raw'));
  lane.refuse(TOO_LARGE);
  await turn();
  t.deepEqual(heard(told), [CLOSES]);
});

for (const [what, outcome, expected] of [
  ['a raw agent', { kind: 'raw' }, [CLOSES]],
  ['an RPC agent', { kind: 'rpc' }, [REFUSAL, CLOSES]],
  ['lost', LOST, [REFUSAL, CLOSES]],
] as const) {
  test(`a refusal waits until the module is known, which turns out to be ${what}`, async (t) => {
    const bench = createBench();
    const { lane, told } = openLane(bench);
    lane.refuse(TOO_LARGE);
    await turn();
    t.deepEqual(told, []);
    t.deepEqual(
      bench.calls.map(({ request }) => request),
      [undefined],
    );
    await bench.calls[0]?.settle(outcome);
    t.deepEqual(heard(told), expected);
  });
}

test('a refusal by an RPC agent comes behind the replies to all requests before it', async (t) => {
  const bench = createBench('rpc');
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('a', 'b'));
  lane.refuse(TOO_LARGE);
  await bench.calls[1]?.settle(reply('rpc', '"B"'));
  t.deepEqual(heard(told), ['B']);
  await bench.calls[0]?.settle(reply('rpc', '"A"'));
  t.deepEqual(heard(told), ['B', 'A', REFUSAL, CLOSES]);
});

test('a raw agent that refuses closes behind the replies to all requests before it', async (t) => {
  const bench = createBench('raw');
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('a', 'b'));
  lane.refuse(TOO_LARGE);
  await bench.calls[1]?.settle(reply('raw', '"B"'));
  t.deepEqual(heard(told), []);
  await bench.calls[0]?.settle(reply('raw', '"A"'));
  t.deepEqual(heard(told), ['A', 'B', CLOSES]);
});

test('a refusal comes behind requests that have yet to be started', async (t) => {
  const bench = createBench('rpc');
  const { lane, told, end } = openLane(bench);
  end.full = true;
  lane.dispatch(runOf('a'));
  lane.refuse(TOO_LARGE);
  await turn();
  t.deepEqual(heard(told), []);
  end.full = false;
  lane.resume();
  await bench.calls[0]?.settle(reply('rpc', '"A"'));
  t.deepEqual(heard(told), ['A', REFUSAL, CLOSES]);
});

test('nobody is told of a refusal who is gone', async (t) => {
  const { lane, told } = openLane(createBench('rpc'));
  lane.abandon();
  lane.refuse(TOO_LARGE);
  await turn();
  t.deepEqual(heard(told), []);
});
