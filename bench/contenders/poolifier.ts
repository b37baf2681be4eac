/** Poolifier's fixed pool of threads, one execute() for each request. */
import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { moduleUrl } from './invocation.ts';
import type { Reply } from './job.ts';
import { servePerRequest } from './per-request.ts';

await servePerRequest((threads) => {
  const filename = fileURLToPath(moduleUrl('./threads/poolifier'));
  const pool = new FixedThreadPool<Uint8Array, Reply>(threads, filename, { enableEvents: false });
  return (payload, transferList) => pool.execute(payload, undefined, undefined, transferList);
});
