/** The control socket: the agent's own answers, given by the main thread while every worker may be busy. */
import type { Socket } from 'node:net';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { encodeTextFrame, forEachFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { decodeRequests, encodeError, encodeResult, type RpcItem } from '../../wire/json-rpc.ts';

/** Questions to an agent are short. */
const MAX_QUESTION_BYTES = 64 * 1024;

/** What can be asked, by method name. */
export type Answers = Readonly<Record<string, () => unknown | Promise<unknown>>>;

/** Answers JSON-RPC on a control connection until the other side closes it, or sends what is no frame. */
export function answerControl(socket: Socket, answers: Answers): void {
  const reader = createFrameReader({ maxFrameBytes: MAX_QUESTION_BYTES });
  /** Replies that are not written yet; the socket is closed behind the last. */
  let last = Promise.resolve();
  socket.resume();
  socket.on('error', () => socket.destroy());
  socket.on('end', () => last.then(() => socket.end()));
  socket.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk, (run) =>
        forEachFrame(run, (payload) => {
          const replied = reply(socket, payload, answers);
          last = last.then(() => replied);
        }),
      );
    } catch {
      // Whoever holds the control socket is of this user; a garbled stream is only closed.
      socket.destroy();
    }
  });
}

async function reply(socket: Socket, payload: Buffer, answers: Answers): Promise<void> {
  const { batch, items } = decodeRequests(payload);
  const all = await Promise.all(items.map((item) => respond(item, answers)));
  const responses = all.filter((response) => response !== undefined);
  if (responses.length === 0 || !socket.writable) return;
  socket.write(encodeTextFrame(batch ? `[${responses.join(',')}]` : (responses[0] as string)));
}

async function respond(item: RpcItem, answers: Answers): Promise<string | undefined> {
  if ('error' in item) return encodeError(item.id, toPlain(item.error));
  if (item.id === undefined) return undefined;
  const answer = Object.hasOwn(answers, item.method) ? answers[item.method] : undefined;
  if (answer !== undefined) return encodeResult(item.id, await answer());
  const hint = `The control socket answers: ${Object.keys(answers).join(', ')}.`;
  const error = new LaunchpoolError('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `nothing is known of ${item.method}`, { hint });
  return encodeError(item.id, toPlain(error));
}
