/** Says when an agent has been quiet for long enough to leave. */

export type IdleOptions = {
  /** How long it must have been quiet, in milliseconds; 0 means never. */
  idleMs: number;
  /** Whether work is under way, which counts as activity however long it takes. */
  isBusy: () => boolean;
  /** Called once. */
  onIdle: () => void;
};

export type Idle = {
  /** Something has happened: the quiet begins anew. */
  touch(): void;
  /** Changes how long it takes from now on. */
  shorten(idleMs: number): void;
  stop(): void;
};

/** A touch costs a clock reading; the timer looks, when it fires, how much of the time is left. */
export function createIdle({ idleMs, isBusy, onIdle }: IdleOptions): Idle {
  let limitMs = idleMs;
  let touchedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;

  function arm(ms: number): void {
    clearTimeout(timer);
    if (limitMs > 0) timer = setTimeout(look, ms);
  }

  function look(): void {
    if (isBusy()) touchedAt = performance.now();
    const left = touchedAt + limitMs - performance.now();
    if (left > 0) arm(left);
    else onIdle();
  }

  arm(limitMs);
  return {
    touch() {
      touchedAt = performance.now();
    },
    shorten(ms) {
      if (limitMs > 0 && limitMs <= ms) return;
      limitMs = ms;
      arm(ms);
    },
    stop: () => clearTimeout(timer),
  };
}
