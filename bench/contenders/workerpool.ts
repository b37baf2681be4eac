/** workerpool on threads, one exec() for each request. */
import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';
import { moduleUrl } from './invocation.ts';
import type { Reply } from './job.ts';
import { servePerRequest } from './per-request.ts';

await servePerRequest((threads) => {
  const filename = fileURLToPath(moduleUrl('./threads/workerpool'));
  const pool = workerpool.pool(filename, { minWorkers: threads, maxWorkers: threads, workerType: 'thread' });
  return async (payload, transfer) => (await pool.exec('run', [payload], { transfer })) as Reply;
});
