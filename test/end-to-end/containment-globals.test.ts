/** A handler that changes the globals of its thread harms that thread only: no reply of another is forged or lost. */
import test from 'ava';
import { LaunchpoolError } from '../../wire/errors.ts';
import { fixture } from '../helpers/agent.ts';
import { startPoolBench } from '../helpers/pool-bench.ts';

const module = fixture('agents/contained.ts');
const CALLS = 40;
const SPOILED = new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'its globals are spoiled');

for (const name of [
  'JSON.stringify',
  'JSON.parse',
  'Array.prototype',
  'Promise.prototype.then',
  'Promise',
  'process.emit',
  'Buffer.prototype',
]) {
  test(`${name}: every call has an outcome, and every result is the right one`, async (t) => {
    const { pool, call } = startPoolBench(t, { module, threads: 2 });
    const thread = (await call('spoils', name)) as number;
    const outcomes = await Promise.allSettled(
      Array.from({ length: CALLS }, async (_unused, index) => {
        // On both threads, in batches and alone.
        if (index % 10 === 9) await call('burn', 20).catch(() => undefined);
        return call('add', index, 1);
      }),
    );
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') t.is(outcome.value, index + 1);
    }
    pool.replace(thread, SPOILED);
    t.deepEqual(
      await Promise.all(Array.from({ length: CALLS }, (_unused, index) => call('add', index, 2))),
      Array.from({ length: CALLS }, (_unused, index) => index + 2),
    );
    for (let both = false; !both; ) both = new Set(await Promise.all([call('burn', 50), call('burn', 50)])).size === 2;
  });
}
