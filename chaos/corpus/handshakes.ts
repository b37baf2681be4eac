/** Checks the handshake: it never throws, and never succeeds when one of its messages was changed. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { createHandshake, type Handshake } from '../../wire/handshake.ts';
import type { Random } from '../random.ts';
import { mutate } from './mutations.ts';

/** The number of messages of a handshake. */
const MESSAGES = 6;

/** @returns a fault, or undefined. @throws an error of the handshake, which must not throw. */
export function checkHandshake(random: Random): string | undefined {
  const authkey = Buffer.from('the key');
  const server = createHandshake({ role: 'server', authkey, md5: random.chance(0.5) });
  const client = createHandshake({ role: 'client', authkey, md5: random.chance(0.5) });
  const target = random.between(0, MESSAGES);
  let changed = false;
  let doneSides = 0;
  let messages = server.start();
  let [to, other]: [Handshake, Handshake] = [client, server];
  for (let nth = 0; messages.length > 0; nth += 1) {
    if (nth > 2 * MESSAGES) return 'it does not end';
    const message = messages[0] as Buffer;
    const delivered = nth === target ? mutate(random, random.chance(0.8) ? message : undefined) : message;
    changed ||= !delivered.equals(message);
    const step = to.receive(delivered);
    if (step.error !== undefined) {
      if (!(step.error instanceof LaunchpoolError)) return `its error is not a LaunchpoolError: ${step.error}`;
      if (to.receive(message).error === undefined) return 'it continues after an error';
      return changed ? undefined : `it fails though nothing was changed: ${step.error.message}`;
    }
    if (step.done) doneSides += 1;
    messages = step.send;
    [to, other] = [other, to];
  }
  if (changed && doneSides === 2) return 'both sides agree though a message was changed';
  return changed || doneSides === 2 ? undefined : `only ${doneSides} sides agree though nothing was changed`;
}
