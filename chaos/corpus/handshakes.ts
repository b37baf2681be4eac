/** Holds the handshake to this: it never throws, and never succeeds when a message of it has been changed on its way. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { createHandshake, type Handshake } from '../../wire/handshake.ts';
import type { Random } from '../random.ts';
import { mutate } from './mutations.ts';

/** The handshake has six messages. */
const MESSAGES = 6;

/** @returns what is wrong, or undefined. @throws what the handshake throws and should not. */
export function checkHandshake(random: Random): string | undefined {
  const authkey = Buffer.from('the key');
  const server = createHandshake({ role: 'server', authkey, md5: random.chance(0.5) });
  const client = createHandshake({ role: 'client', authkey, md5: random.chance(0.5) });
  const victim = random.between(0, MESSAGES);
  let changed = false;
  let doneSides = 0;
  let messages = server.start();
  let [to, other]: [Handshake, Handshake] = [client, server];
  for (let nth = 0; messages.length > 0; nth += 1) {
    if (nth > 2 * MESSAGES) return 'it does not come to an end';
    const message = messages[0] as Buffer;
    const given = nth === victim ? mutate(random, random.chance(0.8) ? message : undefined) : message;
    changed ||= !given.equals(message);
    const step = to.receive(given);
    if (step.error !== undefined) {
      if (!(step.error instanceof LaunchpoolError)) return `its error is no LaunchpoolError: ${step.error}`;
      if (to.receive(message).error === undefined) return 'it goes on after an error';
      return changed ? undefined : `it fails though nothing was changed: ${step.error.message}`;
    }
    if (step.done) doneSides += 1;
    messages = step.send;
    [to, other] = [other, to];
  }
  if (changed && doneSides === 2) return 'both sides agree though a message was changed';
  return changed || doneSides === 2 ? undefined : `only ${doneSides} sides agree though nothing was changed`;
}
