/** For counting the listeners of signals that the code under test keeps to itself. */

/** The signals of the AbortControllers that an action makes before it returns. */
export function recordSignals<Result>(action: () => Result): { signals: AbortSignal[]; result: Result } {
  const Original = globalThis.AbortController;
  const signals: AbortSignal[] = [];
  globalThis.AbortController = class extends Original {
    constructor() {
      super();
      signals.push(this.signal);
    }
  };
  try {
    return { signals, result: action() };
  } finally {
    globalThis.AbortController = Original;
  }
}
