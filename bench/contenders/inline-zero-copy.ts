/** Bare node:net on the main thread, for large messages: read into their final memory, and written from it. */
import { HEADER_BYTES } from './frames.ts';
import { endWithBench, invocation, sayReady } from './invocation.ts';
import { loadJob } from './job.ts';
import { createReadingServer, type Reader, type Write } from './reader.ts';

const job = await loadJob(invocation.mode, invocation.handlerUrl);

function openReader(write: Write): Reader {
  const header = Buffer.allocUnsafeSlow(HEADER_BYTES);
  /** Memory of messages that have been written, for later messages of the same length. */
  const spare: Buffer[] = [];
  let message: Buffer | undefined;
  let filled = 0;

  function begin(length: number): Buffer {
    const found = spare.pop();
    return found?.length === length ? found : Buffer.allocUnsafeSlow(length);
  }

  function answer(whole: Buffer): void {
    const reply = job(whole) as Uint8Array;
    const replyHeader = Buffer.alloc(HEADER_BYTES);
    replyHeader.writeInt32BE(reply.length);
    write(replyHeader);
    write(reply, () => spare.push(whole));
  }

  return {
    target: () => (message ?? header).subarray(filled),
    take(chunk) {
      filled += chunk.length;
      if (message === undefined) {
        if (filled < HEADER_BYTES) return;
        message = begin(header.readInt32BE());
        filled = 0;
        return;
      }
      if (filled < message.length) return;
      const whole = message;
      message = undefined;
      filled = 0;
      answer(whole);
    },
  };
}

createReadingServer(openReader).listen({ path: invocation.socketPath, backlog: 511 }, () => sayReady());
endWithBench();
