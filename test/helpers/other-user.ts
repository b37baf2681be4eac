/** Other users of the machine, which only root can be. */
import type { ExecutionContext } from 'ava';
import { fixture } from './agent.ts';
import { notTested } from './not-tested.ts';
import { runProgram } from './program.ts';

/** Of nobody in particular. */
export const STRANGER = 12_345;
export const FRIEND = 12_346;

/** Whether tests can be other users here; if not, the test says so. */
export function canBeOthers(t: ExecutionContext): boolean {
  if (process.getuid?.() === 0) return true;
  notTested(t, 'only root can try it as another user');
  return false;
}

/** Does as that user what test/fixtures/programs/as-user.ts can do, and returns what came of it. */
export async function asUser<Outcome>(uid: number, ...what: readonly string[]): Promise<Outcome> {
  const command = [process.execPath, fixture('programs/as-user.ts'), String(uid), ...what] as const;
  const { stdout, stderr, status } = await runProgram([...command]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.toString());
}
