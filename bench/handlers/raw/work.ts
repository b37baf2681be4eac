/**
 * ROT13 after the work that the message requests: `B0000050` keeps the processor busy for 50 microseconds, `S0050000`
 * waits for 50 milliseconds, any other message gets its reply at once.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { burn } from '../burn.ts';
import rot13 from './rot13.ts';

const BURN = 0x42;
const SLEEP = 0x53;
const DIGITS_END = 8;

export default function work(message: Uint8Array): Uint8Array | Promise<Uint8Array> {
  if (message[0] === SLEEP) return sleep(message);
  if (message[0] === BURN) burn(microsecondsOf(message));
  return rot13(message);
}

async function sleep(message: Uint8Array): Promise<Uint8Array> {
  // Inline, a message is valid only during the call.
  const reply = rot13(message);
  await wait(microsecondsOf(message) / 1000);
  return reply;
}

function microsecondsOf(message: Uint8Array): number {
  let number = 0;
  for (let index = 1; index < DIGITS_END; index += 1) number = number * 10 + (message[index] as number) - 0x30;
  return number;
}
