/** Bare request and reply of NATS: a process that answers on its own thread, with the bytes it got. `node bare.ts URL SUBJECT` */
import { endWithBench, sayReady } from '../../contenders/invocation.ts';
import { openConnection } from '../cluster.ts';

const [, , url = '', subject = ''] = process.argv;
const nats = await openConnection(url);
nats.subscribe(subject, {
  callback: (_error, { data, reply }) => reply !== undefined && nats.publish(reply, data),
});
await nats.flush();
sayReady();
endWithBench(() => nats.close());
