/** Descriptors of the activator, by themselves: the test counts those of its whole process. */
import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { activate, listenTo, serveCommand } from '../../helpers/activator.ts';
import { until } from '../../helpers/until.ts';

const OPEN_DESCRIPTORS = '/proc/self/fd';

test('descriptors do not pile up over 50 cycles (counted on Linux, elsewhere only the answers)', async (t) => {
  const held = await activate(t, serveCommand());
  const pids = new Set<string>();
  const count = (): number => (existsSync(OPEN_DESCRIPTORS) ? readdirSync(OPEN_DESCRIPTORS).length : 0);
  let min = Number.POSITIVE_INFINITY;
  for (let cycle = 1; cycle <= 55; cycle += 1) {
    pids.add(await listenTo(held.socketPath));
    await held.reached('waiting', cycle + 1);
    // The first cycles open what Node keeps for itself.
    if (cycle >= 5 && cycle <= 10) min = Math.min(min, count());
  }
  t.is(pids.size, 55);
  // What an agent that has just ended had may be closed a moment later.
  await until(() => count() <= min);
});
