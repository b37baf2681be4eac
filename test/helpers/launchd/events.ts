/** What may happen under a test's launchd. */
import type { History } from '../history.ts';

export type LaunchdEvent =
  | { event: 'bootstrapped'; label: string }
  | { event: 'spawned'; label: string; pid: number }
  /** There is no such program, or no such folder for its log. */
  | { event: 'not-spawned'; label: string }
  | { event: 'exited'; label: string; pid: number; status: number | NodeJS.Signals }
  | { event: 'removed'; label: string };

export type LaunchdHistory = History<LaunchdEvent>;
