/** How many requests of one connection may be open, so that its replies have bounded memory. */

/** The bytes that the unread replies of one connection may have. */
const REPLY_BYTES = 4 * 1024 * 1024;
/** The window before the first reply, and the smallest one, however long replies are. */
const MIN_REQUESTS = 64;
const MAX_REQUESTS = 4096;
/** The weight of a new measurement against all earlier ones. */
const WEIGHT = 0.1;

export type Window = {
  /** The highest number of open requests of one connection. */
  readonly requests: number;
  /** Records the length of replies. */
  learn(replies: { frames: number; bytes: number }): void;
};

/** All connections share one window: the replies of one agent are alike. */
export function createWindow(): Window {
  let bytesPerReply = REPLY_BYTES / MIN_REQUESTS;

  const window = {
    requests: MIN_REQUESTS,
    learn({ frames, bytes }: { frames: number; bytes: number }) {
      if (frames === 0) return;
      bytesPerReply += (bytes / frames + 1 - bytesPerReply) * WEIGHT;
      const requests = Math.floor(REPLY_BYTES / bytesPerReply);
      window.requests = Math.max(MIN_REQUESTS, Math.min(MAX_REQUESTS, requests));
    },
  };
  return window;
}
