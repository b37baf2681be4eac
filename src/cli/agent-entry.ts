/** The entry of the agent's bundle: runs `launchpool run` and no other verb. */
import { exitWithStatus } from './exit-with-status.ts';
import { type EarlyStart, run } from './verbs/run.ts';

export function runAgent(early: EarlyStart): void {
  exitWithStatus(run(process.argv.slice(3), early), { hasThreads: true });
}
