/** Events of the launchd double. */
import type { History } from '../history.ts';

export type LaunchdEvent =
  | { event: 'bootstrapped'; label: string }
  | { event: 'spawned'; label: string; pid: number }
  /** The program, or the folder of its log, does not exist. */
  | { event: 'not-spawned'; label: string }
  | { event: 'exited'; label: string; pid: number; status: number | NodeJS.Signals }
  | { event: 'removed'; label: string };

export type LaunchdHistory = History<LaunchdEvent>;
