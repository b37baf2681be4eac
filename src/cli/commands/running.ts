/** The verbs for agents that have a process: top, reload, metrics, log-level. */
import type { Command } from 'commander';
import { LOG_LEVELS } from '../../log.ts';
import { JSON_TABLE } from '../../options/json-table.ts';
import { TOP_TABLE } from '../../options/tool-tables.ts';
import { addExitStatuses, addVerb, CLIENT_TARGET_HELP, type Done, TARGET_HELP } from './shared.ts';

const STATUSES = { 0: 'done', 1: 'the agent refuses', 66: 'it is not installed', 69: 'it has no process' };

export function addRunningCommands(program: Command, done: Done): void {
  addVerb(program, 'top', TOP_TABLE)
    .description(
      'Asks an agent, or all that are installed, once per interval; does not start an agent without a process.\n' +
        'On a terminal, draws a table in place until q or Ctrl-C is pressed; elsewhere, prints a line for each agent.',
    )
    .argument('[target]', CLIENT_TARGET_HELP)
    .action(async (target, flags) => {
      const { topVerb } = await import('../verbs/top.ts');
      done(await topVerb(target, flags));
    });

  addExitStatuses(addVerb(program, 'reload', JSON_TABLE), STATUSES)
    .description('The old module finishes the requests that run; if the new one fails to load, the old one stays.')
    .argument('<target>', TARGET_HELP)
    .action(async (target, flags) => {
      const { reloadVerb } = await import('../verbs/control.ts');
      done(await reloadVerb(target, flags));
    });

  addExitStatuses(addVerb(program, 'metrics', JSON_TABLE), STATUSES)
    .argument('<target>', TARGET_HELP)
    .action(async (target, flags) => {
      const { metricsVerb } = await import('../verbs/control.ts');
      done(await metricsVerb(target, flags));
    });

  addExitStatuses(addVerb(program, 'log-level', JSON_TABLE), STATUSES)
    .description('A change lasts as long as the process.')
    .argument('<target>', TARGET_HELP)
    .argument('[level]', LOG_LEVELS.join(', '))
    .action(async (target, level, flags) => {
      const { logLevelVerb } = await import('../verbs/control.ts');
      done(await logLevelVerb(target, level, flags));
    });
}
