/** Describes a module: its own compiler reads its types, in a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Description } from '../../description/description.ts';
import { compilerIn, type FoundCompiler, failureOf, findCompiler } from './find-compiler.ts';
import { packageOf } from './package-facts.ts';
import type { Answer } from './thread.ts';

export type DescribeOptions = {
  /** The path of the module's source. */
  module: string;
  /** The folder of the package `typescript`. @default the nearest above the module */
  compiler?: string;
  /** Time that the compiler may take, in milliseconds. @default one minute, and five in the background */
  timeoutMs?: number;
  /** Whether other processes go first. @default false */
  inBackground?: boolean;
  /** Ends the process of the compiler. The description then says so. */
  signal?: AbortSignal;
};

// A compiler takes seconds. A machine with much else to do, which goes first in the background, takes many times as long.
const DEFAULT_TIMEOUT_MS = 60_000;
const BACKGROUND_TIMEOUT_MS = 300_000;
const PROGRAM = fileURLToPath(new URL(`./process${extname(import.meta.url)}`, import.meta.url));

/**
 * Never fails: without a compiler that reads the types, the description has no methods, and a `reason`. The methods of the
 * module itself are brought in by {@link file://../../description/only-methods.ts onlyMethods}.
 */
export async function describeModule(options: DescribeOptions): Promise<Description> {
  const answer = await ask(options).catch((error): Answer => ({ reason: String(error) }));
  const found = packageOf(options.module);
  const own = found && { package: found };
  if ('description' in answer) return { ...answer.description, ...own };
  return { format: 1, reason: answer.reason, ...own, methods: [], $defs: {}, notes: [] };
}

async function ask(options: DescribeOptions): Promise<Answer> {
  // As Node and the bundler see it.
  const module = realpathSync(options.module);
  const found = options.compiler === undefined ? findCompiler(module) : compilerIn(options.compiler);
  if ('reason' in found) return found;
  const scratch = mkdtempSync(join(tmpdir(), 'launchpool-describe-'));
  try {
    return await askProcess(found, module, scratch, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function askProcess(
  compiler: FoundCompiler,
  module: string,
  scratch: string,
  {
    inBackground = false,
    timeoutMs = inBackground ? BACKGROUND_TIMEOUT_MS : DEFAULT_TIMEOUT_MS,
    signal,
  }: DescribeOptions,
): Promise<Answer> {
  const args = [module, JSON.stringify(compiler), scratch, ...(inBackground ? ['low'] : [])];
  // A process group of its own: process.ts ends it when this process ends, since Ctrl+C does not reach it.
  const child = fork(PROGRAM, args, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
  const end = (): void => endGroup(child);
  let answer: Answer | undefined;
  child.once('message', (message) => {
    answer = message as Answer;
    end();
  });
  let isTooSlow = false;
  const timeout = setTimeout(() => {
    isTooSlow = true;
    end();
  }, timeoutMs);
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  try {
    const [status, killed] = await once(child, 'exit');
    if (answer !== undefined) return answer;
    if (isTooSlow) return { reason: failureOf(compiler, `has taken longer than ${timeoutMs / 1000} seconds`) };
    if (signal?.aborted) return { reason: failureOf(compiler, 'was ended before it was ready') };
    const how = killed === null ? `exit status ${status}` : `signal ${killed}`;
    return { reason: failureOf(compiler, `has ended its process (${how})`) };
  } finally {
    clearTimeout(timeout);
    signal?.removeEventListener('abort', end);
    end();
    if (child.connected) child.disconnect();
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of its processes have exited.
  }
}
