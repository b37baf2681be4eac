/** The verb that writes a new agent: init. */
import type { Command } from 'commander';
import { INIT_TABLE } from '../../options/tool-tables.ts';
import { addVerb, type Done } from './shared.ts';

export function addInitCommand(program: Command, done: Done): void {
  addVerb(program, 'init', INIT_TABLE)
    .description('Writes a small agent that works, with its test and a README, for you to change.')
    .argument('[folder]', 'the folder to write to (default: the current one)', '.')
    .action(async (folder, flags) => {
      const { initVerb } = await import('../verbs/init.ts');
      done(await initVerb(folder, flags));
    });
}
