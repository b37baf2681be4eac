/** node:cluster: as many processes as others have threads. Each answers inline on its own connections. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithBench, invocation, moduleUrl, sayReady } from './invocation.ts';

cluster.setupPrimary({
  exec: fileURLToPath(moduleUrl('./inline')),
  args: process.argv.slice(2),
  silent: true,
});
let listening = 0;
for (let index = 0; index < invocation.threads; index += 1) {
  cluster.fork().once('listening', () => {
    listening += 1;
    if (listening === invocation.threads) sayReady();
  });
}
endWithBench(async () => {
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  await Promise.all(
    workers.map((worker) => {
      const ended = once(worker, 'exit');
      worker.process.kill('SIGTERM');
      return ended;
    }),
  );
});
