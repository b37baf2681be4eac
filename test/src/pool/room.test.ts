/** Which threads have room for a task. */
import test from 'ava';
import { type ReplyAccount, setFull } from '../../../workers/reply-account.ts';
import type { ThreadMessage } from '../../../workers/task.ts';
import { fixture } from '../../helpers/agent.ts';
import { startPoolBench } from '../../helpers/pool-bench.ts';

test('a thread whose late replies have reached their limit takes no task while another thread may start', async (t) => {
  const { pool, call } = startPoolBench(t, { module: fixture('agents/contained.ts'), threads: 2 });
  const account = Promise.withResolvers<ReplyAccount>();
  const loaded = pool.run(null);
  pool.workers[0]?.on('message', (message: ThreadMessage) => {
    if (message.launchpool === 'account') account.resolve(message.account);
  });
  await loaded;
  const first = await call('thread');
  setFull(await account.promise, true);
  t.not(await call('thread'), first);
});
