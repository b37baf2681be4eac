/** The frames of a session that may have to be sent again, in sending order. */

/** The number of notifications that are kept for resending; no reply confirms that one has run. */
const MAX_NOTIFICATIONS = 1_000;

/** A frame that may have to be sent again. */
export type SentFrame = {
  readonly payload: Uint8Array;
  /** Notifications get no reply. */
  readonly isNotification: boolean;
  /** The number of frames that were sent before it on its connection; -1 before it is sent. */
  index: number;
};

export type UnconfirmedFrames = {
  add(sent: SentFrame): void;
  /** Discards the oldest notification above the maximum. */
  trim(): void;
  /** Discards a frame that has been answered, and all frames before it, which have been read. */
  markAnswered(sent: SentFrame): void;
  discardWhere(predicate: (sent: SentFrame) => boolean): void;
  all(): readonly SentFrame[];
};

export function createUnconfirmedFrames(): UnconfirmedFrames {
  let frames: SentFrame[] = [];
  let notifications = 0;
  return {
    add(sent) {
      frames.push(sent);
      if (sent.isNotification) notifications += 1;
    },
    trim() {
      if (notifications <= MAX_NOTIFICATIONS) return;
      const oldest = frames.findIndex(({ isNotification }) => isNotification);
      if (oldest === 0) frames.shift();
      else frames.splice(oldest, 1);
      notifications -= 1;
    },
    markAnswered(sent) {
      while (frames[0] !== undefined && frames[0].index <= sent.index) {
        if (frames.shift()?.isNotification) notifications -= 1;
      }
    },
    discardWhere(predicate) {
      frames = frames.filter((sent) => !predicate(sent));
      notifications = frames.filter(({ isNotification }) => isNotification).length;
    },
    all: () => frames,
  };
}
