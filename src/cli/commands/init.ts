/** The verb that begins an agent: init. */
import type { Command } from 'commander';
import { type Done, JSON_HELP } from './shared.ts';

export function addInitCommand(program: Command, done: Done): void {
  program
    .command('init')
    .summary('begin an agent: a module, its test, a README')
    .description('Writes a small agent that works, with its test and a README, for you to change.')
    .argument('[folder]', 'where to (default: here)', '.')
    .option('--raw', 'bytes in, bytes out, instead of methods')
    .option('--json', JSON_HELP)
    .action(async (folder, options) => {
      const { initVerb } = await import('../verbs/init.ts');
      done(await initVerb(folder, options));
    });
}
