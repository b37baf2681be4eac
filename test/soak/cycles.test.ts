/** Many lives of an agent in a row. */
import { statSync } from 'node:fs';
import test from 'ava';
import { connectRaw } from '../../src/client/index.ts';
import { activate, agentCommand } from '../helpers/activator.ts';

/** Many more by hand, with LAUNCHPOOL_TEST_LIVES. */
const CYCLES = Number(process.env.LAUNCHPOOL_TEST_LIVES ?? 10);

test(`${CYCLES} times in a row, an agent starts, replies and exits, on the same socket`, async (t) => {
  t.timeout(60_000 + CYCLES * 5_000);
  const held = await activate(t, agentCommand('agents/echo.ts', ['--idle', '0.03', '--threads', '1']));
  const { ino } = statSync(held.socketPath);
  const pids = new Set<number>();
  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    const client = await connectRaw(held.socketPath);
    t.is(String(await client.request(`cycle ${cycle}`)), `cycle ${cycle}`);
    client.close();
    pids.add((await held.reached('left', cycle)).pid);
  }
  t.is(pids.size, CYCLES);
  t.is(held.all('started').length, CYCLES);
  t.deepEqual(held.all('crashed'), []);
  t.is(statSync(held.socketPath).ino, ino);
});
