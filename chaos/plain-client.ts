/** Requests of a client that knows nothing but frames, so that it sees whether a reply comes twice, or to nobody. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { decodeClosing, longHeader } from '../wire/closing.ts';
import { encodeFrame, payloadStart } from '../wire/frame.ts';
import { createFrameReader } from '../wire/frame-reader.ts';

export type PlainReply = { id: number; result?: unknown; error?: { data?: { code?: string } } };

export type PlainClient = {
  /** @returns how many frames went before it. What can be sent no more is not sent. */
  send(request: object): number;
  /** What the agent has said in its notice: so many frames have been run. */
  readonly run: number | undefined;
  /** Resolves when the connection is over. */
  readonly over: Promise<void>;
  /** Whether anything can be sent still. */
  readonly canSend: boolean;
  end(): void;
};

export type PlainOptions = {
  onReply: (reply: PlainReply) => void;
  /** Whether the agent is told that its notice of closing is understood. */
  announce?: boolean;
};

/** Undefined when nobody can be reached. */
export async function dialPlain(
  path: string,
  { onReply, announce = false }: PlainOptions,
): Promise<PlainClient | undefined> {
  const socket = connect(path);
  const over = Promise.withResolvers<void>();
  socket.once('close', () => over.resolve());
  // What follows from it is seen by what is missing.
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect').catch(() => undefined), over.promise]);
  if (socket.destroyed) return undefined;
  const reader = createFrameReader({ maxRunFrames: 1 });
  let sent = 0;
  let run: number | undefined;
  socket.on('data', (chunk: Buffer) =>
    reader.push(chunk, (frame) => {
      const closing = decodeClosing(frame);
      if (closing === undefined) return onReply(JSON.parse(frame.toString('utf8', payloadStart(frame, 0))));
      run = closing;
      // Whoever has been told needs no more.
      socket.end();
    }),
  );
  return {
    send(request) {
      if (run !== undefined || !socket.writable) return sent;
      const payload = Buffer.from(JSON.stringify(request));
      const isFirst = sent === 0 && announce;
      socket.write(isFirst ? Buffer.concat([longHeader(payload.length), payload]) : encodeFrame(payload));
      sent += 1;
      return sent - 1;
    },
    get run() {
      return run;
    },
    over: over.promise,
    get canSend() {
      return run === undefined && socket.writable;
    },
    end: () => socket.end(),
  };
}
