/** A service of NATS that hands each request to Piscina, one run() for each. `node piscina-service.ts URL NAME THREADS` */
import { Piscina } from 'piscina';
import type { NatsServices } from '../../../src/nats/library.ts';
import { endWithBench, sayReady } from '../../contenders/invocation.ts';
import { natsPackage, openConnection } from '../cluster.ts';

const [, , url = '', name = '', threads = '2'] = process.argv;
const filename = new URL('./piscina-thread.ts', import.meta.url).href;
const pool = new Piscina({ filename, minThreads: Number(threads), maxThreads: Number(threads) });
await Promise.all(Array.from({ length: Number(threads) }, () => pool.run(Buffer.from('["first"]'))));

const nats = await openConnection(url);
const { Svcm } = await natsPackage<NatsServices>('services');
const service = await new Svcm(nats).add({ name, version: '1.0.0', description: name, metadata: {} });
service.addEndpoint('echo', {
  subject: `${name}.echo`,
  handler(_error, request) {
    pool.run(request.data).then(
      (reply) => request.respond(Buffer.from(reply as string)),
      () => request.respond(new Uint8Array()),
    );
  },
});
await nats.flush();
sayReady();
endWithBench(() => nats.close());
