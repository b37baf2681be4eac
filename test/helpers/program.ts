/** Runs a program to its end. */
import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';

export type Finished = { status: number | null; signal: NodeJS.Signals | null; stdout: Buffer; stderr: string };

export type ProgramOptions = {
  /** What stands on its standard input; nothing when left out. */
  input?: string | Uint8Array;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
};

/** Never rejects for an exit status: what it is, is the test's business. */
export async function runProgram(
  command: readonly [string, ...string[]],
  { input, cwd, env = process.env }: ProgramOptions = {},
): Promise<Finished> {
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd, env, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const exited = new Promise<Pick<Finished, 'status' | 'signal'>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal }));
  });
  const [stdout, stderr, end] = await Promise.all([
    buffer(child.stdout as NodeJS.ReadableStream),
    buffer(child.stderr as NodeJS.ReadableStream),
    exited,
  ]);
  return { ...end, stdout, stderr: stderr.toString('utf8') };
}

export type Running = {
  pid: number;
  /** Resolves with everything on standard error so far, once that matches. */
  stderr(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit status, or the signal's name. */
  ended: Promise<number | NodeJS.Signals | null>;
};

/** Starts a program that stays; it is ended, by its id, when the test ends. */
export function startProgram(t: ExecutionContext, [program, ...args]: readonly [string, ...string[]]): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (status, signal) => resolve(status ?? signal));
  });
  let seen = '';
  const waiting = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
    for (const inspect of waiting) inspect();
  });
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    pid: child.pid as number,
    stderr: (pattern) =>
      new Promise((resolve) => {
        const inspect = (): void => {
          if (!pattern.test(seen)) return;
          waiting.delete(inspect);
          resolve(seen);
        };
        waiting.add(inspect);
        inspect();
      }),
    signal: (name) => child.kill(name),
    ended,
  };
}
