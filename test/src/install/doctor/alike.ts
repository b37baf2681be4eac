/** What the doctor finds alike under launchd and under systemd. */

import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { isAlive } from '../../../helpers/activator.ts';
import { RECHECK_MS } from '../../../helpers/until.ts';
import { type Bench, hang, isMended, ownNode, SHORT, waitAt } from './bench.ts';

/** Of an agent that ends as soon as it is started, while somebody waits, the log is where to look. */
export async function isThrottled(t: ExecutionContext, bench: Bench): Promise<void> {
  const node = await ownNode(t);
  await bench.install({ agent: SHORT, node });
  await bench.idle();
  await writeFile(`${node}.broken`, '');
  await waitAt(t, bench.layout.sockets.agent);
  // Every now and then there is a process, for a moment.
  for (; ; await wait(RECHECK_MS)) {
    const found = (await bench.doctor({ fix: true })).find(({ id }) => id === 'throttled');
    if (found === undefined) continue;
    t.like(found, { severity: 'problem', canFix: false, fixed: undefined });
    t.regex(found.hint ?? '', /launchpool logs/);
    break;
  }
  // Else it would go on while the agent is removed.
  rmSync(`${node}.broken`);
}

/** A process that hangs is ended, and who waits has the next one. */
export async function hungIsEnded(t: ExecutionContext, bench: Bench): Promise<void> {
  await bench.install({ agent: { drain: 0 } });
  const pid = await bench.call();
  hang(t, pid);
  const waiting = bench.call();
  const doctor: Bench['doctor'] = (more) => bench.doctor({ startMs: 1_000, ...more });
  const [found] = await isMended(t, { ...bench, doctor }, ['not-answering'], () => waiting);
  t.is(found?.message, `process ${pid} does not answer at its control socket`);
  t.not(await waiting, pid);
  t.false(isAlive(pid));
}

/** A process that takes longer to start than one takes to answer is not taken for one that hangs. */
export async function slowIsSpared(t: ExecutionContext, bench: Bench): Promise<void> {
  await bench.install();
  const pid = await bench.call();
  hang(t, pid);
  const looking = bench.doctor({ fix: true });
  // Longer than the first question waits.
  await wait(3_000);
  process.kill(pid, 'SIGCONT');
  t.deepEqual(await looking, []);
  t.is(await bench.call(), pid);
}
