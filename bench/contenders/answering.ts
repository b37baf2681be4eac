/** Answers requests on the thread that reads them: one write for all requests of one chunk. */
import { createFrameSplitter, encodeFrames } from './frames.ts';
import type { Job, Reply } from './job.ts';
import type { Write } from './reader.ts';

/** Returns the function that takes chunks. Replies keep the order of the requests, also if the job is asynchronous. */
export function answerInline(job: Job, write: Write): (chunk: Buffer) => void {
  let replies: Reply[] = [];
  const late: { reply?: Reply }[] = [];

  function sendLate(): void {
    while (late[0]?.reply !== undefined) write(encodeFrames([late.shift()?.reply as Reply]));
  }

  const split = createFrameSplitter((payload) => {
    const reply = job(payload);
    if (!(reply instanceof Promise)) {
      if (late.length === 0) replies.push(reply);
      else late.push({ reply });
      return;
    }
    const place: { reply?: Reply } = {};
    late.push(place);
    reply.then((settled) => {
      place.reply = settled;
      sendLate();
    });
  });

  return (chunk) => {
    split(chunk);
    if (replies.length === 0) return;
    write(encodeFrames(replies));
    replies = [];
  };
}
