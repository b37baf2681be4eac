/** `launchpool run` and nothing else: what the bundle of the agent begins with. */
import { endWith } from './end-with.ts';
import { type Begun, run } from './verbs/run.ts';

export function runAgent(begun: Begun): void {
  endWith(run(process.argv.slice(3), begun), { hasThreads: true });
}
