/** Descriptors of the activator, by themselves: the test counts those of its whole process. */
import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { activate, listenTo, serveCommand } from '../../helpers/activator.ts';

const OPEN_DESCRIPTORS = '/proc/self/fd';

test('descriptors do not pile up over 50 cycles (counted on Linux, elsewhere only the answers)', async (t) => {
  const held = await activate(t, serveCommand());
  const pids = new Set<string>();
  const counts: number[] = [];
  for (let cycle = 1; cycle <= 55; cycle += 1) {
    pids.add(await listenTo(held.socketPath));
    await held.reached('waiting', cycle + 1);
    if (existsSync(OPEN_DESCRIPTORS)) counts.push(readdirSync(OPEN_DESCRIPTORS).length);
  }
  t.is(pids.size, 55);
  // The first cycles open what Node keeps for itself.
  t.is(counts.at(-1), counts.at(4));
});
