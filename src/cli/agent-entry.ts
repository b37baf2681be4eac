/** The entry of the agent's bundle: runs `launchpool run` and no other verb. */
import { exitAtOnce } from '../../libc/exit-now.ts';
import { setExitStatus } from './exit-status.ts';
import { type EarlyStart, run } from './verbs/run.ts';

export function runAgent(early: Omit<EarlyStart, 'source'>): void {
  setExitStatus(run(process.argv.slice(3), early)).then(exitAtOnce);
}
