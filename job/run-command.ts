/** Runs a command of the supervisor, such as launchctl or systemctl. Tests pass a RunCommand of their own. */
import { spawn, spawnSync } from 'node:child_process';
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
/** Of the output of a command that blocks: more than the supervisors say about all agents of a machine. */
const MAX_OUTPUT_BYTES = 256 * 1024 ** 2;

/** @param timeoutMs ends a command that takes longer. */
export function createRunCommand(timeoutMs: number): RunCommand {
  return ([program, ...args]) =>
    new Promise((resolve) => {
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        env: environment(),
      });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      // Undefined when the process has no descriptor left for them.
      child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.once('error', (error) => resolve(resultOf(error, null)));
      child.once('close', (status) =>
        resolve(resultOf(undefined, status, Buffer.concat(stdout), Buffer.concat(stderr))),
      );
    });
}

export const runCommand: RunCommand = createRunCommand(TIMEOUT_MS);

/**
 * The same, and blocks until the command has ended: Node needs less time for that. For a process that has nothing else to
 * do, and runs one command after another.
 */
export const runCommandBlocking: RunCommand = async ([program, ...args]) => {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: environment(),
  });
  return resultOf(error, status, stdout ?? undefined, stderr ?? undefined);
};

/** The output is parsed, so it must not be translated. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C' };
}

/** A program that did not start has no output. */
function resultOf(error: Error | undefined, status: number | null, stdout?: Buffer, stderr?: Buffer): CommandResult {
  const isMissing = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  return {
    status: isMissing ? 127 : error === undefined ? (status ?? -1) : -1,
    stdout: textOf(stdout),
    stderr: textOf(stderr),
  };
}

/** Without the last line end. */
function textOf(output: Buffer | undefined): string {
  return output?.toString('utf8').replace(/\r?\n$/, '') ?? '';
}

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
