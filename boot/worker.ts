/** Ships in the bundle, and runs before a worker thread: loads thread.js and the agent's module with compiled code. */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { Task, TaskResult } from '../workers/task.ts';
import { loadWithCode } from './code-cache.ts';

type Thread = typeof import('./thread.ts');

/** Time after the first task before the code is saved, in milliseconds. By then, the first reply has left. */
const SAVE_DELAY_MS = 100;

const { codeFolder } = workerData;
const thread = loadWithCode<Thread>(`${__dirname}/thread.js`, codeFolder);
enableCompileCache(codeFolder);
let isFirst = true;

/** Piscina calls this function: it started the thread with this file. */
export function run(task: Task): Promise<TaskResult> | TaskResult {
  if (isFirst) setTimeout(save, SAVE_DELAY_MS).unref();
  isFirst = false;
  return thread.exports.run(task);
}

function save(): void {
  try {
    thread.save();
    // That of the module: the end of an agent does not wait for its threads to write it.
    flushCompileCache();
  } catch {
    // The main thread logs the error: it saves its code in the same folder.
  }
}
