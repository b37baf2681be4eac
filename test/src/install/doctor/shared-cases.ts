/** Cases that the doctor handles the same way under launchd and under systemd. */
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { isAlive } from '../../../helpers/activator.ts';
import { RECHECK_MS } from '../../../helpers/until.ts';
import { type Bench, expectFixed, hang, ownNode, SHORT, stayConnected } from './bench.ts';

/** The hint for an agent that exits right after its start, while a client waits, names the log. */
export async function throttledNamesLog(t: ExecutionContext, bench: Bench): Promise<void> {
  const node = await ownNode(t);
  await bench.install({ agent: SHORT, node });
  await bench.idle();
  await writeFile(`${node}.broken`, '');
  await stayConnected(t, bench.layout.sockets.agent);
  // The supervisor starts a process from time to time.
  for (; ; await wait(RECHECK_MS)) {
    const finding = (await bench.doctor({ fix: true })).find(({ id }) => id === 'throttled');
    if (finding === undefined) continue;
    t.like(finding, { severity: 'problem', canFix: false, fixed: undefined });
    t.regex(finding.hint ?? '', /launchpool logs/);
    break;
  }
  // Ends the restarts before the agent is removed.
  rmSync(`${node}.broken`);
}

/** A process that hangs is ended, and the waiting client gets the next process. */
export async function hungProcessIsEnded(t: ExecutionContext, bench: Bench): Promise<void> {
  await bench.install({ agent: { drain: 0 } });
  const pid = await bench.call();
  hang(t, pid);
  let isAnswered = false;
  const waiting = bench.call().finally(() => {
    isAnswered = true;
  });
  // The next process may be slow.
  const doctor: Bench['doctor'] = (more) => bench.doctor({ ...(!isAnswered && { startMs: 1_000 }), ...more });
  const [finding] = await expectFixed(t, { ...bench, doctor }, ['not-answering'], () => waiting);
  t.is(finding?.message, `process ${pid} does not answer at its control socket`);
  t.not(await waiting, pid);
  t.false(isAlive(pid));
}

/** A process that starts slowly is not mistaken for one that hangs. */
export async function slowProcessIsKept(t: ExecutionContext, bench: Bench): Promise<void> {
  await bench.install();
  const pid = await bench.call();
  hang(t, pid);
  const findings = bench.doctor({ fix: true });
  // Longer than the timeout of the first request.
  await wait(3_000);
  process.kill(pid, 'SIGCONT');
  t.deepEqual(await findings, []);
  t.is(await bench.call(), pid);
}
