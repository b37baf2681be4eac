/** Check-ins as systemd's children make them, in a process whose descriptors are what a test needs. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Environment } from '../../systemd/check-in.ts';
import type { PlainError } from '../../wire/errors.ts';
import { fixture } from './agent.ts';

export type Attempt<Found> = { found?: Found; error?: PlainError; env: Environment };

/**
 * Checks in for each environment, in a process of which 3, 4 and 5 are sockets and 6 is a file. `own` in LISTEN_PID and
 * WATCHDOG_PID stands for that process's id.
 * @param whom whether systemd's check-in is meant, or the choice among all supervisors.
 */
export async function checkInAsChild<Found>(
  whom: 'systemd' | 'supervisor',
  environments: readonly Environment[],
): Promise<Attempt<Found>[]> {
  const program = fixture('programs/check-in-with-systemd.ts');
  const file = openSync(program, 'r');
  const child = spawn(process.execPath, [program, whom], {
    // What Node calls a pipe is a pair of UNIX sockets.
    stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe', 'pipe', file],
  });
  closeSync(file);
  child.stdin?.end(JSON.stringify(environments));
  return JSON.parse(await text(child.stdout as NodeJS.ReadableStream));
}
