/**
 * Ships in the bundle, and is a worker thread: Piscina's worker and the function that it calls. The first thread starts
 * before its options are known; its first message brings them.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Task, TaskResult } from '../workers/task.ts';

if ('memory' in workerData) start();
else {
  parentPort?.once('message', (options) => {
    Object.assign(workerData, options);
    start();
  });
}

function start(): void {
  require('piscina/dist/worker.js');
  // workers/entry.ts loads the module.
  if (workerData.loadAtOnce) require('../workers/entry.ts');
}

export function run(task: Task): Promise<TaskResult> | TaskResult {
  return (require('../workers/entry.ts') as typeof import('../workers/entry.ts')).run(task);
}
