/** Bare node:net, answering on the main thread: the best that an agent without worker threads could do. */
import { answerInline } from './answering.ts';
import { endWithBench, invocation, sayReady } from './invocation.ts';
import { loadJob } from './job.ts';
import { createReadingServer } from './reader.ts';

const READ_BYTES = 256 * 1024;

const job = await loadJob(invocation.mode, invocation.handlerUrl);
/** All connections share it: the bytes of a read are consumed before the next read. */
const target = Buffer.allocUnsafeSlow(READ_BYTES);
const server = createReadingServer((write) => ({ target, take: answerInline(job, write) }));
server.listen({ path: invocation.socketPath, backlog: 511 }, () => sayReady());
endWithBench();
