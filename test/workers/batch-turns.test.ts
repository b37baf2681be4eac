/** The requests of one JSON-RPC batch, when methods have limits. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { createRequests, type Requests } from '../../workers/requests.ts';
import { rpcRunner } from '../../workers/run-rpc.ts';

type Call = { method: string; text: unknown; dueAt: number | undefined; resolve(value: unknown): void };
type Rig = { calls: Call[]; requests: Requests; reply: Promise<{ id: number; result?: unknown; error?: unknown }[]> };

const CANCELLED = { name: 'Error', message: 'enough', code: 'ERR_LAUNCHPOOL_RUN_TIMEOUT' };

/** Runs a batch of calls. The test answers each of them. */
function runBatch(...batch: (readonly [method: string, text: string])[]): Rig {
  const requests = createRequests({});
  requests.keepContexts();
  requests.setTimed(new Set(['slow']));
  const calls: Call[] = [];
  const callMethod = (method: string, [text]: readonly unknown[]): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers();
    calls.push({ method, text, dueAt: requests.context()?.dueAt, resolve });
    return promise;
  };
  const unused = (): never => {
    throw new Error('no streams here');
  };
  const host = { requests, lateReplies: { add: unused }, params: unused };
  const { run } = rpcRunner(callMethod, { exposeStacks: false, limited: new Set(['slow']) }, host);
  const input = Buffer.from(
    JSON.stringify(batch.map(([method, text], id) => ({ jsonrpc: '2.0', id, method, params: [text] }))),
  );
  let dueAt = 1_000;
  requests.enter(7, 3, { dueAt: () => dueAt, peer: () => undefined });
  const result = run(input, 0, input.length) as Promise<string>;
  requests.leave();
  // The slot has another use before the later requests of the batch run.
  dueAt = 2_000;
  return { calls, requests, reply: Promise.resolve(result).then((text) => JSON.parse(text)) };
}

test('the requests of a limited method run one after another, and the others at the same time', async (t) => {
  const { calls, reply } = runBatch(['slow', 'a'], ['free', 'b'], ['slow', 'c'], ['free', 'd'], ['slow', 'e']);
  const running = (): unknown[] => calls.map(({ text }) => text);
  t.deepEqual(running(), ['a', 'b', 'd']);
  calls[0]?.resolve('A');
  await turn();
  t.deepEqual(running(), ['a', 'b', 'd', 'c']);
  calls[3]?.resolve('C');
  await turn();
  t.deepEqual(running(), ['a', 'b', 'd', 'c', 'e']);
  for (const { resolve } of calls) resolve('rest');
  t.deepEqual(
    (await reply).map(({ id, result }) => [id, result]),
    [
      [0, 'A'],
      [1, 'rest'],
      [2, 'C'],
      [3, 'rest'],
      [4, 'rest'],
    ],
  );
});

test('a request that has waited for another one of its batch has the deadline of its batch', async (t) => {
  const { calls, reply } = runBatch(['slow', 'a'], ['slow', 'b']);
  calls[0]?.resolve(1);
  await turn();
  calls[1]?.resolve(2);
  await reply;
  t.deepEqual(
    calls.map(({ dueAt }) => dueAt),
    [1_000, 1_000],
  );
});

test('when the batch has its outcome, its further requests do not run', async (t) => {
  const { calls, requests, reply } = runBatch(['slow', 'a'], ['slow', 'b']);
  requests.cancel(7, 3, CANCELLED);
  calls[0]?.resolve(1);
  const [first, second] = await reply;
  t.is(first?.result, 1);
  t.like(second?.error, { data: { code: CANCELLED.code } });
  t.is(calls.length, 1);
});
