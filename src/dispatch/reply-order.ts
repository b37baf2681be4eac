/** Holds the replies of one connection until their turn: the order of a raw agent's replies is that of its requests. */

/** Settles one place, once. With `atOnce` the reply is handed on without waiting for those before it. */
export type Settle<Reply> = (reply: Reply, options?: { atOnce?: boolean }) => void;

export type ReplyOrder<Reply> = {
  /** Takes the place behind all others. */
  reserve(): Settle<Reply>;
};

/** @param handOn receives each reply when everything before it has been handed on. */
export function createReplyOrder<Reply>(handOn: (reply: Reply) => void): ReplyOrder<Reply> {
  /** A place is waiting, or has its reply, or is done with. */
  type Place = { waiting: boolean; replies: Reply[] };
  const places: Place[] = [];

  return {
    reserve() {
      const place: Place = { waiting: true, replies: [] };
      places.push(place);
      return (reply, { atOnce = false } = {}) => {
        place.waiting = false;
        if (atOnce) handOn(reply);
        else place.replies.push(reply);
        while (places[0]?.waiting === false) places.shift()?.replies.forEach(handOn);
      };
    },
  };
}
