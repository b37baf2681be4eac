/** The verbs that are an agent: dev, run. */
import type { Command } from 'commander';
import { addAgentFlags, type Done } from './shared.ts';

export function addAgentCommands(program: Command, done: Done): void {
  addAgentFlags(
    program
      .command('dev')
      .summary('hold a socket and start the agent on demand, in the foreground')
      .description(
        'Holds a socket in the foreground, starts the agent on the first connection, and again after a change.',
      )
      .argument('<module>', 'the module whose exported functions are to be called')
      .option('--socket <PATH>', "where to listen (default: a path of the module's own, which is printed)"),
  ).action(async (module, options) => {
    const { dev } = await import('../verbs/dev.ts');
    done(await dev(module, options));
  });

  addAgentFlags(
    program
      .command('run')
      .summary('be the agent; for supervisors')
      .description('The agent itself, as launchd, systemd or `launchpool dev` starts it with a socket. Not for shells.')
      .argument('<module>', 'the module whose exported functions are to be called')
      .option('--socket <PATH>', 'the path of the socket that was handed over')
      .option('--label <LABEL>', 'the label under which launchd knows this agent')
      .option('--cache <FOLDER>', 'where compiled code is kept')
      .option('--log-file <FILE>', 'the file that standard error goes to, to be kept from growing for ever'),
  );
}
