/** A client that knows only frames and JSON-RPC. It also sees replies that come twice or match no request. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { decodeClosing, longHeader } from '../wire/closing.ts';
import { encodeFrame, payloadStart } from '../wire/frame.ts';
import { createFrameReader } from '../wire/frame-reader.ts';

export type FrameReply = { id: number; result?: unknown; error?: { data?: { code?: string } } };

export type FrameClient = {
  /** Sends a request unless the connection is closing. @returns the number of frames that were sent before it. */
  send(request: object): number;
  /** The number of frames that the agent has run, by its closing notice; undefined before the notice. */
  readonly framesRun: number | undefined;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  /** Whether requests can still be sent. */
  readonly canSend: boolean;
  end(): void;
};

export type FrameClientOptions = {
  onReply: (reply: FrameReply) => void;
  /** Whether the first frame tells the agent that the client understands its closing notice. */
  announce?: boolean;
};

/** Undefined when the connection fails. */
export async function connectFrameClient(
  path: string,
  { onReply, announce = false }: FrameClientOptions,
): Promise<FrameClient | undefined> {
  const socket = connect(path);
  const closed = Promise.withResolvers<void>();
  socket.once('close', () => closed.resolve());
  // The effect of an error shows as missing replies.
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed.promise]);
  if (socket.destroyed) return undefined;
  const reader = createFrameReader({ maxRunFrames: 1 });
  let sent = 0;
  let framesRun: number | undefined;
  socket.on('data', (chunk: Buffer) =>
    reader.push(chunk, (frame) => {
      const closing = decodeClosing(frame);
      if (closing === undefined) return onReply(JSON.parse(frame.toString('utf8', payloadStart(frame, 0))));
      framesRun = closing;
      // Nothing comes after the notice.
      socket.end();
    }),
  );
  return {
    send(request) {
      if (framesRun !== undefined || !socket.writable) return sent;
      const payload = Buffer.from(JSON.stringify(request));
      const isAnnouncement = sent === 0 && announce;
      socket.write(isAnnouncement ? Buffer.concat([longHeader(payload.length), payload]) : encodeFrame(payload));
      sent += 1;
      return sent - 1;
    },
    get framesRun() {
      return framesRun;
    },
    closed: closed.promise,
    get canSend() {
      return framesRun === undefined && socket.writable;
    },
    end: () => socket.end(),
  };
}
