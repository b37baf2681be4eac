/** A message in ROT13: hardly any work. */
import { ROT13_TABLE } from '../rot13-table.ts';

export default function rot13(message: Uint8Array): Uint8Array {
  const reply = new Uint8Array(message.length);
  for (let index = 0; index < message.length; index += 1)
    reply[index] = ROT13_TABLE[message[index] as number] as number;
  return reply;
}
