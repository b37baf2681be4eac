/** Other users of the machine; only root can become them. */
import type { ExecutionContext } from 'ava';
import { fixture } from './agent.ts';
import { notTested } from './not-tested.ts';
import { runProgram } from './program.ts';

/** A user without an account. */
export const OTHER_USER = 12_345;
export const ALLOWED_USER = 12_346;

/** Whether tests can become other users here; if not, the test reports that it tested nothing. */
export function canBeOtherUser(t: ExecutionContext): boolean {
  if (process.getuid?.() === 0) return true;
  notTested(t, 'only root can become another user');
  return false;
}

/** Runs an action of test/fixtures/programs/as-user.ts as that user; returns its result. */
export async function asUser<Outcome>(uid: number, ...action: readonly string[]): Promise<Outcome> {
  const command = [process.execPath, fixture('programs/as-user.ts'), String(uid), ...action] as const;
  const { stdout, stderr, status } = await runProgram([...command]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.toString());
}
