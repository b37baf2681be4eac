/** Counts what dispatch reads, in operations: how many frames it walks over, and how many bytes of payloads it takes out. */
import type { ExecutionContext } from 'ava';
import { OpenIds } from '../../src/dispatch/connection/open-ids.ts';
import { FrameWalk } from '../../wire/frame-walk.ts';

export type Work = {
  /** Frames walked over. */
  frames: number;
  /** Bytes of the payloads that were taken out of runs and batches, or were searched for their id. */
  bytes: number;
};

/** Counts from now to the end of the test. The test must be the only one that runs. */
export function countWork(t: ExecutionContext): Work {
  const work: Work = { frames: 0, bytes: 0 };
  const { next } = FrameWalk.prototype;
  const { add } = OpenIds.prototype;
  const payload = Object.getOwnPropertyDescriptor(FrameWalk.prototype, 'payload') as PropertyDescriptor;
  FrameWalk.prototype.next = function (this: FrameWalk): boolean {
    work.frames += 1;
    return next.call(this);
  };
  Object.defineProperty(FrameWalk.prototype, 'payload', {
    ...payload,
    get(this: FrameWalk): Buffer {
      const found = payload.get?.call(this) as Buffer;
      work.bytes += found.length;
      return found;
    },
  });
  OpenIds.prototype.add = function (this: OpenIds, ...args: Parameters<typeof add>): ReturnType<typeof add> {
    work.bytes += args[0].length;
    return add.apply(this, args);
  };
  t.teardown(() => {
    FrameWalk.prototype.next = next;
    OpenIds.prototype.add = add;
    Object.defineProperty(FrameWalk.prototype, 'payload', payload);
  });
  return work;
}
