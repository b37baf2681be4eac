/**
 * Follows the threads while they load the module, and decides what becomes of those that fail. A module is broken when no
 * thread can load it. While one thread serves, another thread that fails is ended, and its requests go to the others.
 */
import { fromPlain, type LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { loadTimeout } from '../../wire/load-timeout.ts';
import type { Thread } from './thread.ts';

/** Between two checks of the deadline there is at most this time. */
const MAX_CHECK_MS = 1_000;
/** Checks per timeout. */
const CHECKS = 8;
/**
 * When the module was loaded before, this many threads in a row may fail before it is broken: a process without free
 * descriptors, for instance, cannot load any module.
 */
const MAX_RETRIES = 5;
/** The time without a new thread after a failed one. It doubles with each failure in a row. */
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

export const LOAD_TIMEOUT_MS = 60_000;

export type LoadingOptions = {
  threads: () => Iterable<Thread>;
  /** Time that a thread may take to load the module, its `setup` included, in milliseconds. */
  timeoutMs: number;
  /** Lets a thread answer its requests with the error that it has reported. */
  answerWithError: (thread: Thread) => void;
  /** Ends a thread at once; its started requests fail with this error. */
  end: (thread: Thread, error: LaunchpoolError) => void;
  /** No thread can load the module. Called again for each further thread that has failed. */
  onBroken: (error: PlainError) => void;
  /** A thread has failed while others serve. */
  onFailed: (error: PlainError) => void;
  /** Threads may start again. */
  onPauseEnd: () => void;
};

export type Loading = {
  /** Whether a thread has loaded the module, and the module is not broken since. */
  readonly hasLoaded: boolean;
  /** Why no thread can load the module. */
  readonly brokenBy: LaunchpoolError | undefined;
  /** Whether a thread that has tasks is loading the module. */
  readonly isLoading: boolean;
  /** Whether another thread may start. False for a while after a thread has failed and others serve. */
  readonly mayStart: boolean;
  /** There is another thread, which loads the module with its first task. */
  onCreated(): void;
  onLoaded(thread: Thread): void;
  onNotLoaded(thread: Thread, error: PlainError): void;
  /** A thread has died while it loaded the module. Must be called before its replacement starts. */
  onDied(): void;
  /** A thread has exited. */
  onExited(): void;
};

export function createLoading(options: LoadingOptions): Loading {
  const { threads, timeoutMs, answerWithError, end, onBroken, onFailed, onPauseEnd } = options;
  /** When the deadline's check first saw each thread load, on the clock of `performance`. */
  const since = new WeakMap<Thread, number>();
  let hasLoaded = false;
  let brokenBy: LaunchpoolError | undefined;
  let isChecking = false;
  let failures = 0;
  let retries = 0;
  let pausedUntil = 0;

  const active = (): Thread[] => [...threads()].filter(({ isActive }) => isActive);
  const isServed = (): boolean => active().some(({ load }) => load === 'loaded');
  const isLoading = (thread: Thread): boolean => thread.load === 'pending' && thread.tasks > 0;

  function pause(): void {
    const ms = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** failures);
    failures += 1;
    pausedUntil = performance.now() + ms;
    setTimeout(onPauseEnd, ms).unref();
  }

  /** As long as another thread may still load the module, a failed thread waits. */
  function decide(): void {
    for (const thread of threads()) if (thread.state === 'retiring' && thread.load === 'failed') endFailed(thread);
    const failed = active().filter(({ load }) => load === 'failed');
    if (failed.length === 0) return;
    if (isServed()) failed.forEach(dismiss);
    else if (active().some(isLoading)) return;
    else if (hasLoaded && retries < MAX_RETRIES) failed.forEach(retry);
    else failed.forEach(breakModule);
  }

  function dismiss(thread: Thread): void {
    pause();
    onFailed(thread.loadError as PlainError);
    endFailed(thread);
  }

  /** The next thread takes its requests, and loads the module. */
  function retry(thread: Thread): void {
    retries += 1;
    endFailed(thread);
  }

  /** It answers no request: those that it has go to other threads. */
  function endFailed(thread: Thread): void {
    end(thread, localError(thread.loadError as PlainError));
  }

  function breakModule(thread: Thread): void {
    const error = thread.loadError as PlainError;
    hasLoaded = false;
    brokenBy = localError(error);
    thread.load = 'broken';
    onBroken(error);
    if (thread.isHung) end(thread, brokenBy);
    else answerWithError(thread);
  }

  function check(): void {
    isChecking = false;
    const now = performance.now();
    let isAnyPending = false;
    for (const thread of threads()) {
      // A spare has a deadline of its own.
      if (thread.load !== 'pending' || !(thread.isActive || thread.state === 'retiring')) continue;
      isAnyPending = true;
      if (thread.tasks === 0) continue;
      const startedAt = since.get(thread) ?? now;
      since.set(thread, startedAt);
      if (now - startedAt >= timeoutMs) onTimeout(thread);
    }
    decide();
    if (isAnyPending) start();
  }

  function onTimeout(thread: Thread): void {
    thread.load = 'failed';
    thread.isHung = true;
    thread.loadError = toPlain(loadTimeout(timeoutMs));
  }

  function start(): void {
    if (isChecking) return;
    isChecking = true;
    setTimeout(check, Math.min(MAX_CHECK_MS, timeoutMs / CHECKS)).unref();
  }

  return {
    get hasLoaded() {
      return hasLoaded;
    },
    get brokenBy() {
      return brokenBy;
    },
    get isLoading() {
      return active().some(isLoading);
    },
    get mayStart() {
      return performance.now() >= pausedUntil || !isServed();
    },
    onCreated: start,
    onLoaded(thread) {
      thread.load = 'loaded';
      hasLoaded = true;
      brokenBy = undefined;
      failures = 0;
      retries = 0;
      decide();
    },
    onNotLoaded(thread, error) {
      if (thread.load !== 'pending') return;
      thread.load = 'failed';
      thread.loadError = error;
      decide();
    },
    onDied() {
      if (isServed()) pause();
    },
    onExited: decide,
  };
}

/** The error is one of this process: no other agent was called. */
function localError(error: PlainError): LaunchpoolError {
  return Object.assign(fromPlain(error), { remote: false });
}
