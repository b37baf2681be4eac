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
};

export type UnconfirmedFrames = {
  add(sent: SentFrame): void;
  /** Discards the notifications that have been read. @param unsentBytes what the system has not taken yet. */
  trim(unsentBytes: number): void;
  /** Discards a frame that has been answered, and all frames before it, which have been read. */
  markAnswered(sent: SentFrame): void;
  discardWhere(predicate: (sent: SentFrame) => boolean): void;
  all(): readonly SentFrame[];
};

export function createUnconfirmedFrames(): UnconfirmedFrames {
  let frames: SentFrame[] = [];
  /** The frames before this index are discarded. */
  let head = 0;
  let notificationBytes = 0;

  function onRemoved({ isNotification, payload }: SentFrame): void {
    if (isNotification) notificationBytes -= payload.length + FRAME_BYTES;
  }

  function removeFirst(): void {
    onRemoved(frames[head] as SentFrame);
    head += 1;
    if (head < MAX_DISCARDED || 2 * head < frames.length) return;
    frames = frames.slice(head);
    head = 0;
  }

  return {
    add(sent) {
      frames.push(sent);
      if (sent.isNotification) notificationBytes += sent.payload.length + FRAME_BYTES;
    },
    trim(unsentBytes) {
      while (notificationBytes > UNREAD_BYTES + unsentBytes) {
        if (frames[head]?.isNotification) removeFirst();
        else {
          const oldest = frames.findIndex(({ isNotification }, index) => index >= head && isNotification);
          onRemoved(frames[oldest] as SentFrame);
          frames.splice(oldest, 1);
        }
      }
    },
    markAnswered(sent) {
      for (let first = frames[head]; first !== undefined && first.index <= sent.index; first = frames[head])
        removeFirst();
    },
    discardWhere(predicate) {
      frames = frames.slice(head).filter((sent) => {
        const isKept = !predicate(sent);
        if (!isKept) onRemoved(sent);
        return isKept;
      });
      head = 0;
    },
    all: () => (head === 0 ? frames : frames.slice(head)),
  };
}
