/**
 * A program of its own, which a compiler may take down: describes a module on a thread, and sends the description, or the
 * reason why there is none, to the parent process. Its arguments are the path of the module, the compiler as JSON, and an
 * empty folder.
 */
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openClassic } from './classic-api.ts';
import type { Description } from './description.ts';
import { type FoundCompiler, failureOf } from './find-compiler.ts';
import { describeExports } from './methods.ts';
import { openNative } from './native-api.ts';
import { projectOptionsOf } from './project-options.ts';
import { createTypeReader } from './type-reader.ts';

export type Answer = { description: Description } | { reason: string };

type Work = { module: string; compiler: FoundCompiler; scratch: string };

/** Others go first. */
const LOW_PRIORITY = 10;
const MAX_MESSAGE = 300;

async function describe({ module, compiler, scratch }: Work): Promise<Description> {
  const project = projectOptionsOf(module);
  const { folder, api } = compiler;
  const open = api === 'classic' ? openClassic : openNative;
  const reader = createTypeReader(await open(folder, module, project, scratch));
  try {
    return describeExports(reader);
  } finally {
    reader.close();
  }
}

function textOf(error: unknown): string {
  return String(error).split('\n', 1).join('').slice(0, MAX_MESSAGE);
}

if (isMainThread) {
  const [, , module = '', compilerText = '', scratch = '', priority] = process.argv;
  const compiler = JSON.parse(compilerText) as FoundCompiler;
  const send = (answer: Answer): void => void process.send?.(answer);
  // The group of this process has the one of the native compiler. The parent may have been killed.
  process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
  if (priority === 'low') setPriority(LOW_PRIORITY);
  const work: Work = { module, compiler, scratch };
  // What a compiler prints is no part of the output of the command.
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: work, stdout: true, stderr: true });
  worker.once('message', send);
  worker.once('error', (error) => send({ reason: failureOf(compiler, `has failed: ${textOf(error)}`) }));
  worker.once('exit', (status) =>
    send({ reason: failureOf(compiler, `has ended its thread (exit status ${status})`) }),
  );
} else {
  const work = workerData as Work;
  describe(work)
    .then((description): Answer => ({ description }))
    .catch((error): Answer => ({ reason: failureOf(work.compiler, `has failed: ${textOf(error)}`) }))
    .then((answer) => parentPort?.postMessage(answer));
}
