/** A typical agent: with packages that its first request does not need. */
import { Command } from 'commander';
import { pino } from 'pino';
import { build } from 'plist';
import { rot13 as turn } from './rot13.ts';

const log = pino({ level: 'silent' });
const program = new Command('rot13');

export function rot13(text: string): string {
  log.info(program.name());
  return turn(text);
}

export function asPlist(text: string): string {
  return build({ text: turn(text) });
}
