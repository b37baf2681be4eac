/** How many requests of one connection may be under way, so that their replies do not fill the memory. */

/** What the replies of one connection that nobody reads may come to. */
const REPLY_BYTES = 4 * 1024 * 1024;
/** Before anything is known of the replies, and however long they are. */
const MIN_REQUESTS = 64;
const MAX_REQUESTS = 4096;
/** How much a new measurement counts against all before it. */
const WEIGHT = 0.1;

export type Window = {
  /** The most requests that one connection may have under way. */
  readonly requests: number;
  /** Learns how long replies are. */
  learn(replies: { frames: number; bytes: number }): void;
};

/** Shared by all connections: the replies of one agent are alike. */
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
