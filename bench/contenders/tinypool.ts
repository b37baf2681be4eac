/** Tinypool, one run() for each request. */
import { Tinypool } from 'tinypool';
import { moduleUrl } from './invocation.ts';
import { servePerRequest } from './per-request.ts';

await servePerRequest((threads) => {
  const filename = moduleUrl('./threads/tinypool').href;
  const pool = new Tinypool({ filename, minThreads: threads, maxThreads: threads });
  // The declared types are those of the wrong overload of postMessage.
  return (payload, transferList) => pool.run(payload, { transferList } as never);
});
