/** Descriptors of the activator. A file of its own, since the test counts the descriptors of its process. */
import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { activate, listenTo, serveCommand } from '../../helpers/activator.ts';
import { until } from '../../helpers/until.ts';

const OPEN_DESCRIPTORS = '/proc/self/fd';

test('50 starts leak no descriptor (counted on Linux; elsewhere the replies only)', async (t) => {
  const held = await activate(t, serveCommand());
  const pids = new Set<string>();
  const count = (): number => (existsSync(OPEN_DESCRIPTORS) ? readdirSync(OPEN_DESCRIPTORS).length : 0);
  let min = Number.POSITIVE_INFINITY;
  for (let cycle = 1; cycle <= 55; cycle += 1) {
    pids.add(await listenTo(held.socketPath));
    await held.reached('waiting', cycle + 1);
    // Node keeps some descriptors of the first cycles.
    if (cycle >= 5 && cycle <= 10) min = Math.min(min, count());
  }
  t.is(pids.size, 55);
  // The descriptors of the last agent may close a moment later.
  await until(() => count() <= min);
});
