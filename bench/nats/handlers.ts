/** The module that instances of the bench serve: an echo, and handlers that sleep, so that few processors are enough. */
import { setTimeout as wait } from 'node:timers/promises';

/** Set for an instance that is to be slow. */
const IS_SLOW = process.env.BENCH_SLOW === '1';
const NEVER = new Int32Array(new SharedArrayBuffer(4));

export function echo(text: string): string {
  return text;
}

/** Other requests go on. @returns the process of the instance. */
export async function sleep(ms: number, slowMs: number): Promise<number> {
  await wait(IS_SLOW ? slowMs : ms);
  return process.pid;
}

/** Has the thread to itself, as a synchronous handler. @returns how long it took, in milliseconds. */
export function block(ms: number): number {
  const start = performance.now();
  Atomics.wait(NEVER, 0, 0, ms);
  return performance.now() - start;
}
