/** The verbs that serve an agent: dev, run. */
import type { Command } from 'commander';
import { AGENT_TABLE } from '../../options/agent-table.ts';
import { DEV_TABLE, RUN_TABLE } from '../../options/run-table.ts';
import { addVerb, type Done, MODULE_HELP } from './shared.ts';

export function addAgentCommands(program: Command, done: Done): void {
  addVerb(program, 'dev', DEV_TABLE, AGENT_TABLE)
    .description(
      'Holds a socket in the foreground, starts the agent on the first connection, and restarts it after a change.',
    )
    .argument('<module>', MODULE_HELP)
    .action(async (module, flags) => {
      const { dev } = await import('../verbs/dev.ts');
      done(await dev(module, flags));
    });

  addVerb(program, 'run', RUN_TABLE, AGENT_TABLE)
    .description('The agent itself, as launchd, systemd or `launchpool dev` starts it with a socket. Not for shells.')
    .argument('<module>', MODULE_HELP);
}
