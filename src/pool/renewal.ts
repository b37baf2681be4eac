/** Puts new threads in the place of others that still serve: one after another, and the new one first. */
import type { Thread } from './thread.ts';

/** A module that cannot be loaded is tried again after so long, in milliseconds, and not after each of the requests. */
const AGAIN_MS = 30_000;

export type RenewalOptions = {
  /**
   * Starts a thread that has loaded the module when this resolves, and is given nothing before it is told to serve.
   * @param moduleUrl another module than the others have.
   * @throws whatever its module has against it
   */
  startSpare: (moduleUrl?: string) => Promise<Thread>;
  /** Gives it work from now on; or ends it, when there are as many as there may be without it. */
  serve: (spare: Thread) => void;
  /** Gives it nothing more, and ends it when it has finished what it has begun. */
  retire: (thread: Thread) => void;
  /** In one step: gives the spare work, and none to all that there are with another module. */
  swap: (spare: Thread, moduleUrl: string) => void;
  /** Called when a thread stays because there is no other to take its place. */
  onFailed: (error: unknown) => void;
};

export type Renewal = {
  /** Replaces a thread. */
  renew(thread: Thread): void;
  /**
   * Replaces all threads by such as have another module; from then on no request is given to the old one.
   * @throws whatever the module has against it; all is as it was then
   */
  reload(moduleUrl: string): Promise<void>;
};

export function createRenewal({ startSpare, serve, retire, swap, onFailed }: RenewalOptions): Renewal {
  /** So that there is never more than one thread beyond the most. */
  let last: Promise<unknown> = Promise.resolve();
  const renewing = new Set<Thread>();
  /** When another try may be made, on the clock of `performance`. */
  const notBefore = new WeakMap<Thread, number>();

  function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = last.then(act);
    last = done.catch(() => undefined);
    return done;
  }

  async function replace(thread: Thread): Promise<void> {
    if (thread.ending) return;
    const spare = await startSpare();
    retire(thread);
    serve(spare);
  }

  return {
    renew(thread) {
      if (thread.ending || renewing.has(thread) || performance.now() < (notBefore.get(thread) ?? 0)) return;
      renewing.add(thread);
      inTurn(() => replace(thread)).then(
        () => renewing.delete(thread),
        (error) => {
          renewing.delete(thread);
          notBefore.set(thread, performance.now() + AGAIN_MS);
          onFailed(error);
        },
      );
    },
    reload: (moduleUrl) => inTurn(async () => swap(await startSpare(moduleUrl), moduleUrl)),
  };
}
