/** An RPC agent whose setup takes a while, and fails from time to time. */
import { setTimeout as wait } from 'node:timers/promises';

const MAX_SETUP_MS = 400;
const FAILURES_ONE_IN = 5;

export async function setup(): Promise<void> {
  await wait(Math.random() * MAX_SETUP_MS);
  if (Math.random() < 1 / FAILURES_ONE_IN) throw new Error('the setup fails');
}

export { slow, sync } from './busy.ts';
