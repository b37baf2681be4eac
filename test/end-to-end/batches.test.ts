/** JSON-RPC batches of millions of items: refused in a moment, by the threads and by the main thread. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { framesOf } from '../helpers/frame-server.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const call = (id: number, method: string, ...params: unknown[]): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
const errorsOf = (replies: readonly string[]): unknown[] =>
  replies.map((reply) => {
    const { id, error } = JSON.parse(reply);
    return [id, error?.code, error?.data.code];
  });

test('a batch of more requests than --max-batch is refused, and batches of that many run', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/cancellable.ts'), ['--threads', '1', '--max-batch', '3']);
  const { socket, until } = await dial(t, socketPath);
  const batch = (count: number): string => `[${Array(count).fill(call(1, 'where')).join(',')}]`;
  socket.write(framesOf(batch(3), batch(4), `[${'1,'.repeat(3_200_000)}1]`));
  const [ran, ...refused] = await until(3);
  t.is(JSON.parse(ran as string).length, 3);
  t.deepEqual(errorsOf(refused), Array(2).fill([null, -32600, 'ERR_LAUNCHPOOL_REQUEST_INVALID']));
});

test('a batch of millions of requests that a busy agent refuses gets one error, and the agent goes on', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/cancellable.ts'), [
    '--threads',
    '1',
    '--max-requests',
    '1',
  ]);
  const release = join(await tempDir(t), 'release');
  const { socket, until } = await dial(t, socketPath);
  const batch = `[${'{"id":1},'.repeat(2_500_000)}{"id":1}]`;
  socket.write(framesOf(call(1, 'busy', release)));
  const other = await dial(t, socketPath);
  // The first one may be taken before the call that keeps the thread busy.
  other.socket.write(framesOf(batch, batch));
  writeFileSync(release, '');
  await until(1);
  const refusals = errorsOf(await other.until(2));
  t.true(
    refusals.every((refusal) => (refusal as unknown[])[0] === null),
    JSON.stringify(refusals),
  );
  socket.write(framesOf(call(2, 'where')));
  t.is((await until(2)).length, 2);
});
