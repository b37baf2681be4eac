/** A worker thread, with its compiled code where there is some, and that of the agent's module. */
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { Task, TaskResult } from '../workers/task.ts';
import { loadWithCode } from './code-cache.ts';

type Thread = typeof import('./thread.ts');

/** When the first task is done and nobody waits for it any more, in milliseconds. */
const QUIET_MS = 100;

const { codeFolder } = workerData;
const thread = loadWithCode<Thread>(`${__dirname}/thread.js`, codeFolder);
enableCompileCache(codeFolder);
let isFirst = true;

/** What Piscina finds when it looks for this file, which it has started the thread with. */
export function run(task: Task): Promise<TaskResult> | TaskResult {
  if (isFirst) setTimeout(save, QUIET_MS).unref();
  isFirst = false;
  return thread.exports.run(task);
}

function save(): void {
  try {
    thread.save();
  } catch {
    // The main thread, which keeps its own in the same folder, says why.
  }
}
