/** An RPC agent: fast and slow answers, failures, and methods that cost a thread. A mutated request can do no more harm. */
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { requestSignal } from '../../src/handler.ts';

const MAX_SLOW_MS = 1_000;
const MAX_BURN_MS = 50;
const MAX_LONG_BYTES = 2 ** 20;

const clamp = (max: number, ms: unknown): number => Math.min(max, Math.max(0, Number(ms) || 0));

export const sync = (value: unknown): unknown => value;
export const add = (a: number, b: number): number => a + b;
export const long = (bytes: number): string => 'x'.repeat(clamp(MAX_LONG_BYTES, bytes));
export const count = (...params: unknown[]): number => params.length;
export const nothing = (): void => undefined;

/** Ends early when its request is cancelled. */
export async function slow(ms: number, value: unknown): Promise<unknown> {
  await wait(clamp(MAX_SLOW_MS, ms), undefined, { signal: requestSignal() });
  return value;
}

/** Keeps its thread busy. */
export function burn(ms: number, value: unknown): unknown {
  const end = performance.now() + clamp(MAX_BURN_MS, ms);
  while (performance.now() < end);
  return value;
}

export function fail(message: string): never {
  throw Object.assign(new RangeError(message), { code: 'E_TEST' });
}

/** Appends a line to a file, so that a second run is visible. */
export function note(file: string, text: string): string {
  appendFileSync(file, `${text}\n`);
  return text;
}

/** Ends its thread with an error that no caller can catch. */
export function crashLater(): Promise<never> {
  setTimeout(() => {
    throw new Error('thrown in a timer');
  });
  return new Promise(() => undefined);
}

/** Runs until its thread is terminated. */
export function loops(): never {
  for (;;);
}
