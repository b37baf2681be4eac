/** Piscina, one run() for each request. */
import { Piscina } from 'piscina';
import { moduleUrl } from './invocation.ts';
import type { Reply } from './job.ts';
import { servePerRequest } from './per-request.ts';

await servePerRequest((threads) => {
  const filename = moduleUrl('./threads/piscina').href;
  const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads });
  // The declared types are those of the wrong overload of postMessage.
  return (payload, transferList) => pool.run(payload, { transferList } as never) as Promise<Reply>;
});
