/** The processes of the bench. Each is ended by its own id, also when the bench fails or is interrupted. */
import { type ChildProcess, spawn } from 'node:child_process';

const TIMEOUT_MS = 5_000;

export type Started = {
  readonly child: ChildProcess;
  /** The first line on its standard output. Rejects when the process ends before it prints one. */
  readonly firstLine: Promise<string>;
  /** Its whole standard output and the end of its standard error, once it has ended. */
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
  /** Asks it to end, and kills it if it does not. */
  close(): Promise<void>;
};

export type StartOptions = {
  cwd?: string | undefined;
  /** Whether `close` also ends its child processes: a shell leaves them behind. */
  group?: boolean;
};

const running = new Set<Started>();
let ending = false;

/** Standard input is a pipe, so that a process that reads it notices every kind of end of the bench. */
export function start(
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = {},
  { cwd, group = false }: StartOptions = {},
): Started {
  if (ending) throw new Error(`${program} is not started: the bench is ending`);
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    cwd,
    detached: group,
  });
  const kill = (signal: NodeJS.Signals): void => {
    if (!group || child.pid === undefined) {
      child.kill(signal);
      return;
    }
    try {
      process.kill(-child.pid, signal);
    } catch {
      // ESRCH: the whole group has ended.
    }
  };
  const line = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<{ status: number | null; stdout: string; stderr: string }>();
  let stdout = '';
  let stderr = '';
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.includes('\n')) line.resolve(stdout.slice(0, stdout.indexOf('\n')));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2_000);
  });

  const started: Started = {
    child,
    firstLine: line.promise,
    ended: ended.promise,
    async close() {
      kill('SIGTERM');
      const late = setTimeout(kill, TIMEOUT_MS, 'SIGKILL');
      await ended.promise.catch(() => undefined);
      clearTimeout(late);
    },
  };
  running.add(started);
  const finish = (): void => {
    running.delete(started);
    line.reject(new Error(`${program} ended before it was ready: ${stderr.trim()}`));
  };
  child.once('error', (error) => {
    finish();
    ended.reject(error);
  });
  child.once('close', (status) => {
    finish();
    ended.resolve({ status, stdout, stderr });
  });
  // Without a reader of either promise, the rejection must not crash the bench.
  line.promise.catch(() => undefined);
  ended.promise.catch(() => undefined);
  return started;
}

/** Runs a program to its end. Rejects when the program does not exist. */
export async function runToEnd(
  command: readonly [string, ...string[]],
  env?: NodeJS.ProcessEnv,
  options?: StartOptions,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const started = start(command, env, options);
  started.child.stdin?.end();
  return started.ended;
}

/** What a program prints that prints something and succeeds. */
export async function outputOf(
  command: readonly [string, ...string[]],
  env?: NodeJS.ProcessEnv,
  options?: StartOptions,
): Promise<string> {
  const { status, stdout, stderr } = await runToEnd(command, env, options);
  if (status === 0 && stdout !== '') return stdout;
  const output = (stderr || stdout).trim().slice(-500);
  throw new Error(`${command.join(' ').slice(0, 200)} ended with status ${status}: ${output}`);
}

/** Ends all running processes. No process can be started afterwards. */
export async function endAll(): Promise<void> {
  ending = true;
  await Promise.all([...running].map((started) => started.close()));
}
