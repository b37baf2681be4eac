/** Results beyond the limit of a reply. */
import test from 'ava';
import { collectGarbage } from '../../src/dispatch/long/collect-garbage.ts';
import type { Method } from '../../workers/handlers.ts';
import { methodCaller } from '../../workers/method-caller.ts';
import { rpcRunner } from '../../workers/run-rpc.ts';

type Response = { id: number; result?: unknown; error?: { data?: { code?: unknown; name?: string } } };

const TOO_LONG = 'ERR_LAUNCHPOOL_RESULT_INVALID';
const MAX_BYTES = 10_000;
const BATCH = 5_000;

const METHODS: Record<string, Method> = {
  repeat(text, count) {
    noteCall();
    return String(text).repeat(Number(count));
  },
  async later(text, count) {
    await undefined;
    noteCall();
    return String(text).repeat(Number(count));
  },
  fail(text, count) {
    noteCall();
    throw new Error(String(text).repeat(Number(count)));
  },
};

/** How often methods were called. */
let calls = 0;
/** The memory at the last call of a batch. */
let usedAtEnd = 0;

function usedBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function noteCall(): void {
  calls += 1;
  if (calls === BATCH) usedAtEnd = usedBytes();
}

async function call(request: unknown, maxReplyBytes = MAX_BYTES): Promise<unknown> {
  const bytes = Buffer.from(JSON.stringify(request));
  const find = methodCaller({ exported: METHODS, methods: new Set(Object.keys(METHODS)) });
  const reply = await rpcRunner(find, { exposeStacks: false, maxReplyBytes }).run(bytes, 0, bytes.length);
  return JSON.parse(reply as string);
}

const repeat = (id: number, text: string, count: number): object => ({
  jsonrpc: '2.0',
  id,
  method: 'repeat',
  params: [text, count],
});
const codes = (responses: Response[]): unknown[] => responses.map(({ id, error }) => [id, error?.data?.code]);

test.serial('a result is as long as the limit allows, counted in bytes with its envelope', async (t) => {
  const envelope = Buffer.byteLength(JSON.stringify({ jsonrpc: '2.0', id: 1, result: '' }));
  const longest = (MAX_BYTES - envelope) / 2;
  t.is(((await call(repeat(1, 'é', Math.floor(longest)))) as Response).result, 'é'.repeat(Math.floor(longest)));
  t.is(((await call(repeat(1, 'é', Math.ceil(longest + 0.5)))) as Response).error?.data?.code, TOO_LONG);
});

test.serial('one long result of a batch is an error, and the others keep theirs', async (t) => {
  const responses = (await call([repeat(1, 'x', 10), repeat(2, 'x', MAX_BYTES), repeat(3, 'y', 10)])) as Response[];
  t.deepEqual(codes(responses), [
    [1, undefined],
    [2, TOO_LONG],
    [3, undefined],
  ]);
  t.is(responses[2]?.result, 'y'.repeat(10));
});

test.serial('results that are longer together than a reply may be are errors', async (t) => {
  const ids = Array.from({ length: 30 }, (_, index) => index);
  const responses = (await call(ids.map((id) => repeat(id, 'x', 400)))) as Response[];
  t.deepEqual(
    codes(responses),
    ids.map((id) => [id, TOO_LONG]),
  );
});

for (const method of ['repeat', 'later', 'fail']) {
  test.serial(`a batch with too many results of ${method}() gets one error, and each request runs`, async (t) => {
    calls = 0;
    const ids = Array.from({ length: BATCH }, (_, index) => index);
    const items = ids.map((id) => ({ jsonrpc: '2.0', id, method, params: ['x', 9_000] }));
    const before = usedBytes();
    const reply = (await call(items, 20_000)) as Response;
    t.is(calls, BATCH);
    t.deepEqual([reply.id, reply.error?.data?.code], [null as never, TOO_LONG]);
    // All results together are 45 MB. Those of asynchronous methods are there before the first of them is read.
    if (method !== 'later') t.true(usedAtEnd - before < 15_000_000, `${usedAtEnd - before} bytes`);
  });
}

test.serial('the error in place of a result is no longer than a reply may be, however long the id is', async (t) => {
  const reply = (await call({
    jsonrpc: '2.0',
    id: 'i'.repeat(20_000),
    method: 'repeat',
    params: ['x', 1],
  })) as Response;
  t.deepEqual([reply.id, reply.error?.data?.code], [null as never, TOO_LONG]);
  const invalid = Array.from({ length: 1_000 }, (_, id) => ({ id }));
  t.like(await call(invalid), { id: null, error: { data: { code: TOO_LONG } } });
});
