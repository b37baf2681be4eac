/** The verbs that serve an agent: dev, serve, run. */
import type { Command } from 'commander';
import { AGENT_TABLE } from '../../options/agent-table.ts';
import { NATS_TABLE } from '../../options/nats-table.ts';
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

  addVerb(program, 'serve', NATS_TABLE, AGENT_TABLE)
    .description(
      'Serves the module on NATS until SIGTERM, with the limits and checks of an agent: the instances of a service share its\n' +
        'calls. Does not exit when it is idle. `launchpool install --nats` has systemd keep it running.',
    )
    .argument('<module>', MODULE_HELP)
    .action(async (module, flags) => {
      const { serve } = await import('../verbs/serve.ts');
      done(await serve(module, flags));
    });

  addVerb(program, 'run', RUN_TABLE, NATS_TABLE, AGENT_TABLE)
    .description('The agent itself, as launchd, systemd or `launchpool dev` starts it with a socket. Not for shells.')
    .argument('<module>', MODULE_HELP);
}
