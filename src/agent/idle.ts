/** The idle timer: fires when an agent has been quiet for `idleMs`. */

export type IdleOptions = {
  /** The quiet time, in milliseconds; 0 disables the timer. */
  idleMs: number;
  /**
   * The minimum uptime of the process, in milliseconds.
   * @default 0
   */
  minUptimeMs?: number;
  /** Whether the agent works, which counts as activity for its whole duration. */
  isBusy: () => boolean;
  /** Called once. */
  onIdle: () => void;
};

export type Idle = {
  /** Restarts the quiet time. */
  touch(): void;
  /** Sets a shorter quiet time; a longer one has no effect. */
  shorten(idleMs: number): void;
  /** Sets the quiet time again after `shorten`. */
  restore(): void;
  /** Milliseconds until the timer fires; undefined while the agent is busy or the timer is disabled. */
  readonly leftMs: number | undefined;
  stop(): void;
};

/** A touch only reads the clock. When the timer fires, it computes the rest of the quiet time. */
export function createIdle({ idleMs, minUptimeMs = 0, isBusy, onIdle }: IdleOptions): Idle {
  let limitMs = idleMs;
  /** On the clock of `performance`, which starts with the process. */
  let touchedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;

  function arm(ms: number): void {
    stop();
    if (limitMs > 0) timer = setTimeout(check, ms);
  }

  /**
   * Timers come before input in a turn of the event loop. After a delay of this process, received input is unread, so
   * the decision waits for the end of the turn.
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
    restore() {
      limitMs = idleMs;
      arm(idleMs);
    },
    get leftMs() {
      return limitMs === 0 || isBusy() ? undefined : Math.max(0, Math.round(timeLeft()));
    },
    stop,
  };
}
