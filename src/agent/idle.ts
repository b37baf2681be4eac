/** Says when an agent has been quiet for long enough to leave. */

export type IdleOptions = {
  /** How long it must have been quiet, in milliseconds; 0 means never. */
  idleMs: number;
  /**
   * How long this process must have run, in milliseconds.
   * @default 0
   */
  minUptimeMs?: number;
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
  /** How long it takes if nothing more happens, in milliseconds; undefined when something is under way, or for ever. */
  readonly leftMs: number | undefined;
  stop(): void;
};

/** A touch costs a clock reading; the timer looks, when it fires, how much of the time is left. */
export function createIdle({ idleMs, minUptimeMs = 0, isBusy, onIdle }: IdleOptions): Idle {
  let limitMs = idleMs;
  /** On the clock of `performance`, which begins with the process. */
  let touchedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;

  function arm(ms: number): void {
    stop();
    if (limitMs > 0) timer = setTimeout(check, ms);
  }

  /**
   * Timers come before input in a turn of the event loop. When this process was held up, what has come meanwhile has
   * not been read yet, so the decision waits for the end of the turn.
   */
  function check(): void {
    const left = timeLeft();
    if (left > 0) arm(left);
    else immediate = setImmediate(decide);
  }

  function decide(): void {
    const left = timeLeft();
    if (left > 0) arm(left);
    else onIdle();
  }

  function timeLeft(): number {
    if (isBusy()) touchedAt = performance.now();
    return Math.max(touchedAt + limitMs, minUptimeMs) - performance.now();
  }

  function stop(): void {
    clearTimeout(timer);
    clearImmediate(immediate);
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
    get leftMs() {
      return limitMs === 0 || isBusy() ? undefined : Math.max(0, Math.round(timeLeft()));
    },
    stop,
  };
}
