/** Check-ins in a child process with known descriptors, as a child of systemd has them. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Environment } from '../../systemd/check-in.ts';
import type { PlainError } from '../../wire/errors.ts';
import { fixture } from './agent.ts';

export type Attempt<Result> = { result?: Result; error?: PlainError; env: Environment };

/**
 * Checks in once per environment, in a process whose descriptors 3, 4 and 5 are sockets and whose descriptor 6 is a
 * file. `own` in LISTEN_PID and WATCHDOG_PID stands for the id of that process.
 * @param kind `systemd` for systemd's check-in alone, `supervisor` for the choice among all supervisors.
 */
export async function checkInAsChild<Result>(
  kind: 'systemd' | 'supervisor',
  environments: readonly Environment[],
): Promise<Attempt<Result>[]> {
  const program = fixture('programs/check-in-with-systemd.ts');
  const file = openSync(program, 'r');
  const child = spawn(process.execPath, [program, kind], {
    // A pipe of Node is a pair of UNIX sockets.
    stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe', 'pipe', file],
  });
  closeSync(file);
  child.stdin?.end(JSON.stringify(environments));
  return JSON.parse(await text(child.stdout as NodeJS.ReadableStream));
}
