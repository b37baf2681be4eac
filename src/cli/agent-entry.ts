/** `launchpool run` and nothing else: what the bundle of the agent begins with. */
import { endWith } from './end-with.ts';
import { type EarlyStart, run } from './verbs/run.ts';

export function runAgent(early: EarlyStart): void {
  endWith(run(process.argv.slice(3), early), { hasThreads: true });
}
