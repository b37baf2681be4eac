/** RPC: right answers, slow ones, failures, and what costs a thread; nothing that a mutated request could make worse. */
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { requestSignal } from '../../src/handler.ts';

const MAX_SLOW_MS = 1_000;
const MAX_BURN_MS = 50;

const upTo = (max: number, ms: unknown): number => Math.min(max, Math.max(0, Number(ms) || 0));

export const sync = (value: unknown): unknown => value;
export const add = (a: number, b: number): number => a + b;
export const count = (...params: unknown[]): number => params.length;
export const nothing = (): void => undefined;

/** Ends early when nobody waits any more. */
export async function slow(ms: number, value: unknown): Promise<unknown> {
  await wait(upTo(MAX_SLOW_MS, ms), undefined, { signal: requestSignal() });
  return value;
}

/** Keeps its thread busy for so long. */
export function burn(ms: number, value: unknown): unknown {
  const end = performance.now() + upTo(MAX_BURN_MS, ms);
  while (performance.now() < end);
  return value;
}

export function fail(message: string): never {
  throw Object.assign(new RangeError(message), { code: 'E_TEST' });
}

/** Leaves a line where it has run, so that a second run would be seen. */
export function note(file: string, text: string): string {
  appendFileSync(file, `${text}\n`);
  return text;
}

/** Ends its thread from where no caller can catch it. */
export function crashLater(): Promise<never> {
  setTimeout(() => {
    throw new Error('out of the blue');
  });
  return new Promise(() => undefined);
}

/** For as long as it is let. */
export function loops(): never {
  for (;;);
}
