/** The time that threads may take to load the module, with threads that the test drives. */
import type { Worker } from 'node:worker_threads';
import test from 'ava';
import { createLoading } from '../../../src/pool/loading.ts';
import { Thread } from '../../../src/pool/thread.ts';
import { until } from '../../helpers/until.ts';

const worker = (threadId: number): Worker => ({ threadId }) as unknown as Worker;

test('a thread that retires while it loads, and does not load in time, is ended without a report', async (t) => {
  const [old, next] = [new Thread(worker(1), 'serving', { currentUsage: 1 }), new Thread(worker(2), 'spare')];
  const ended: Thread[] = [];
  const unexpected = (): void => t.fail();
  const loading = createLoading({
    threads: () => [old, next],
    timeoutMs: 50,
    end: (thread) => ended.push(thread),
    ...{ answerWithError: unexpected, onBroken: unexpected, onFailed: unexpected, onPauseEnd: unexpected },
  });
  loading.onCreated();
  loading.onLoaded(next);
  old.moveTo('retiring');
  next.moveTo('serving');
  await until(() => ended.length > 0);
  t.deepEqual([ended[0]?.id, old.loadError?.code], [1, 'ERR_LAUNCHPOOL_LOAD_TIMEOUT']);
});
