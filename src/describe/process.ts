/**
 * A program of its own, which a compiler may take down: describes a module on a thread (thread.ts), and sends the answer to
 * the parent process. Its arguments are the path of the module, the compiler as JSON, an empty folder, and `low` for a low
 * priority. It loads almost nothing itself, so that the thread starts at once.
 */
import { setPriority } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type FoundCompiler, failureOf } from './find-compiler.ts';
import type { Answer, Work } from './thread.ts';

/** Others go first. */
const LOW_PRIORITY = 10;

const [, , module = '', compilerText = '', scratch = '', priority] = process.argv;
const compiler = JSON.parse(compilerText) as FoundCompiler;
const send = (answer: Answer): void => void process.send?.(answer);

// The group of this process has the one of the native compiler. The parent may have been killed.
process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
if (priority === 'low') setPriority(LOW_PRIORITY);
const work: Work = { module, compiler, scratch };
// What a compiler prints is no part of the output of the command.
const worker = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), {
  workerData: work,
  stdout: true,
  stderr: true,
});
worker.once('message', send);
worker.once('error', (error) => send({ reason: failureOf(compiler, error) }));
worker.once('exit', (status) => send({ reason: failureOf(compiler, `has ended its thread (exit status ${status})`) }));
