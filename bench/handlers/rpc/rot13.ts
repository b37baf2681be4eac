/** The same as a method of JSON-RPC: one string in, one out. */
import { ROT13_TABLE } from '../rot13-table.ts';

export function rot13(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = ROT13_TABLE[bytes[index] as number] as number;
  return bytes.toString('latin1');
}
