/** Runs a command of the supervisor, such as launchctl or systemctl. Tests pass a RunCommand of their own. */
import { execa } from 'execa';
import { LaunchpoolError } from '../wire/errors.ts';
import type { Command } from './supervisor.ts';

export type CommandResult = {
  /** The exit status; 127 for a missing program, -1 after a signal or a timeout. */
  status: number;
  stdout: string;
  stderr: string;
};

/** Does not reject because of an exit status; the caller interprets it. */
export type RunCommand = (command: Command) => Promise<CommandResult>;

/** None of the commands waits for input, so one that takes longer hangs. */
const TIMEOUT_MS = 60_000;

/** @param timeoutMs ends a command that takes longer. */
export function createRunCommand(timeoutMs: number): RunCommand {
  return async ([program, ...args]) => {
    const { exitCode, stdout, stderr, code } = await execa(program, args, {
      reject: false,
      stdin: 'ignore',
      timeout: timeoutMs,
      // The output is parsed, so it must not be translated.
      env: { LC_ALL: 'C' },
    });
    return { status: exitCode ?? (code === 'ENOENT' ? 127 : -1), stdout: stdout ?? '', stderr: stderr ?? '' };
  };
}

export const runCommand: RunCommand = createRunCommand(TIMEOUT_MS);

/** The error for a failed command. */
export function commandFailed(
  command: Command,
  { status, stdout, stderr }: CommandResult,
  hint?: string,
): LaunchpoolError {
  const output = (stderr || stdout).trim();
  const message = `${command.join(' ')}: exit status ${status}${output === '' ? '' : `, ${output}`}`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_FAILED', message, { hint, data: { status, stderr: output } });
}
