/** The frames of a session that may have to be sent again, in sending order. */

/**
 * How much may be sent behind a notification before it counts as read: more than the buffers of a UNIX socket hold. No reply
 * confirms that a notification has run.
 */
export const UNREAD_BYTES: number = 4 * 1024 * 1024;
/** What a frame takes beside its payload: in the buffers of the system, and here. */
const FRAME_BYTES = 128;
/** Discarded frames are removed from memory in bulk. */
const MAX_DISCARDED = 1024;

/** A frame that may have to be sent again. */
export type SentFrame = {
  readonly payload: Uint8Array;
  /** Notifications get no reply. */
  readonly isNotification: boolean;
  /** The number of frames that were sent before it on its connection; -1 before it is sent. */
  index: number;
  /** It is not to be sent again, and leaves the list in its turn. */
  isDiscarded?: boolean;
};

export type UnconfirmedFrames = {
  add(sent: SentFrame): void;
  /** Discards the notifications that have been read. @param unsentBytes what the system has not taken yet. */
  trim(unsentBytes: number): void;
  /** Discards a frame that has been answered, and all frames before it, which have been read. */
  markAnswered(sent: SentFrame): void;
  /** Discards one frame, in constant time. */
  discard(sent: SentFrame): void;
  discardWhere(predicate: (sent: SentFrame) => boolean): void;
  all(): readonly SentFrame[];
};

export function createUnconfirmedFrames(): UnconfirmedFrames {
  let frames: SentFrame[] = [];
  /** The frames before this index have left. */
  let head = 0;
  /** How many of the others are discarded. */
  let discarded = 0;
  let notificationBytes = 0;
  /** The notifications among them, in order. */
  let notifications: SentFrame[] = [];
  let firstNotification = 0;

  function discard(sent: SentFrame): void {
    if (sent.isDiscarded) return;
    sent.isDiscarded = true;
    discarded += 1;
    if (sent.isNotification) notificationBytes -= sent.payload.length + FRAME_BYTES;
    while (frames[head]?.isDiscarded) {
      head += 1;
      discarded -= 1;
    }
    if (head + discarded < MAX_DISCARDED || 2 * (head + discarded) < frames.length) return;
    frames = all();
    head = 0;
    discarded = 0;
    notifications = frames.filter(({ isNotification }) => isNotification);
    firstNotification = 0;
  }

  function all(): SentFrame[] {
    return frames.slice(head).filter(({ isDiscarded }) => isDiscarded !== true);
  }

  return {
    add(sent) {
      frames.push(sent);
      if (!sent.isNotification) return;
      notifications.push(sent);
      notificationBytes += sent.payload.length + FRAME_BYTES;
    },
    trim(unsentBytes) {
      while (notificationBytes > UNREAD_BYTES + unsentBytes) {
        const oldest = notifications[firstNotification] as SentFrame;
        firstNotification += 1;
        discard(oldest);
      }
    },
    markAnswered(sent) {
      for (let first = frames[head]; first !== undefined && first.index <= sent.index; first = frames[head])
        discard(first);
    },
    discard,
    discardWhere(predicate) {
      for (const sent of all()) if (predicate(sent)) discard(sent);
    },
    all,
  };
}
