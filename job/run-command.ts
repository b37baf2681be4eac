/** Runs launchctl, systemctl and the like, and says how it went. Tests put something else in its place. */
import { execa } from 'execa';
import { LaunchpoolError } from '../wire/errors.ts';
import type { Command } from './supervisor.ts';

export type CommandResult = {
  /** The exit status; 127 when there is no such program, -1 when it was ended by a signal or took too long. */
  status: number;
  stdout: string;
  stderr: string;
};

/** Never rejects for an exit status: what it means, the caller knows. */
export type RunCommand = (command: Command) => Promise<CommandResult>;

/** None of these commands waits for anybody; one that does is not going to end. */
const TIMEOUT_MS = 60_000;

/** @param longestMs what takes longer is ended. */
export function createRunCommand(timeoutMs: number): RunCommand {
  return async ([program, ...args]) => {
    const { exitCode, stdout, stderr, code } = await execa(program, args, {
      reject: false,
      stdin: 'ignore',
      timeout: timeoutMs,
      // What they print is read, so it must not be translated.
      env: { LC_ALL: 'C' },
    });
    return { status: exitCode ?? (code === 'ENOENT' ? 127 : -1), stdout: stdout ?? '', stderr: stderr ?? '' };
  };
}

export const runCommand: RunCommand = createRunCommand(TIMEOUT_MS);

/** The error for a command that has failed. */
export function commandFailed(
  command: Command,
  { status, stdout, stderr }: CommandResult,
  hint?: string,
): LaunchpoolError {
  const said = (stderr || stdout).trim();
  const message = `${command.join(' ')}: exit status ${status}${said === '' ? '' : `, ${said}`}`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_FAILED', message, { hint, data: { status, stderr: said } });
}
