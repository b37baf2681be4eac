/** The server around a pool that gets each request by itself, as a first attempt would do it. */
import { createServer, type Socket } from 'node:net';
import { createFrameSplitter, encodeFrames } from './frames.ts';
import { endWithBench, invocation, sayReady } from './invocation.ts';
import { type Reply, shareJob } from './job.ts';

/** Longer messages are transferred; a copy of shorter ones is cheaper. */
const TRANSFER_BYTES = 16 * 1024;

export type Run = (payload: Uint8Array<ArrayBuffer>, transfer: ArrayBuffer[]) => Promise<Reply>;

/** @param createRun starts the pool. Its threads load their job with `loadSharedJob`. */
export async function servePerRequest(createRun: (threads: number) => Run | Promise<Run>): Promise<void> {
  shareJob(invocation.mode, invocation.handlerUrl);
  const run = await createRun(invocation.threads);
  const server = createServer((socket) => serve(socket, run));
  server.listen({ path: invocation.socketPath, backlog: 511 }, () => sayReady());
  endWithBench();
}

function serve(socket: Socket, run: Run): void {
  /** Raw replies keep the order of the requests; those of JSON-RPC are sent as soon as they are ready. */
  const ordered = invocation.mode === 'raw';
  const places: { reply?: Reply }[] = [];
  const split = createFrameSplitter((payload, owned) => {
    // A view must not be transferred: the clone of a view is a clone of all the memory behind it.
    const own = (owned ? payload : Uint8Array.prototype.slice.call(payload)) as Uint8Array<ArrayBuffer>;
    const place: { reply?: Reply } = {};
    if (ordered) places.push(place);
    run(own, own.length > TRANSFER_BYTES ? [own.buffer] : []).then(
      (reply) => {
        if (!ordered) return socket.write(encodeFrames([reply]));
        place.reply = reply;
        while (places[0]?.reply !== undefined) socket.write(encodeFrames([places.shift()?.reply as Reply]));
      },
      (error: unknown) => {
        process.stderr.write(`${error}\n`);
        socket.destroy();
      },
    );
  });
  socket.on('data', split);
  socket.on('error', () => socket.destroy());
}
