/** Runs programs, to their end or for the duration of a test. */
import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';

export type Finished = { status: number | null; signal: NodeJS.Signals | null; stdout: Buffer; stderr: string };

export type ProgramOptions = {
  /** The contents of standard input; empty by default. */
  input?: string | Uint8Array;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
};

/** Runs a program to its end. Resolves for every exit status. */
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
  /** Resolves with the standard error so far, once it matches. */
  stderr(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit status, or the signal's name. */
  ended: Promise<number | NodeJS.Signals | null>;
};

/** Starts a program that runs until the end of the test, which ends it with SIGTERM. */
export function startProgram(t: ExecutionContext, [program, ...args]: readonly [string, ...string[]]): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (status, signal) => resolve(status ?? signal));
  });
  let output = '';
  const waiting = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    for (const check of waiting) check();
  });
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    pid: child.pid as number,
    stderr: (pattern) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!pattern.test(output)) return;
          waiting.delete(check);
          resolve(output);
        };
        waiting.add(check);
        check();
      }),
    signal: (name) => child.kill(name),
    ended,
  };
}
