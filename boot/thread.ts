/**
 * A worker thread: Piscina's own code for threads, and what it calls. The first thread starts before it is known what it
 * shall be told; the first message says it. A thread that is to look at a module takes no tasks.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Task, TaskResult } from '../workers/task.ts';

if ('inspect' in workerData) require('../workers/inspect.ts');
else if ('memory' in workerData) begin();
else {
  parentPort?.once('message', (options) => {
    Object.assign(workerData, options);
    begin();
  });
}

function begin(): void {
  require('piscina/dist/worker.js');
  // It loads the module.
  if (workerData.loadAtOnce) require('../workers/entry.ts');
}

export function run(task: Task): Promise<TaskResult> | TaskResult {
  return (require('../workers/entry.ts') as typeof import('../workers/entry.ts')).run(task);
}
