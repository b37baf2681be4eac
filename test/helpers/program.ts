/** Runs a program to its end. */
import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';

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
