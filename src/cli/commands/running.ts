/** The verbs for agents that have a process: top, reload, metrics, log-level. */
import type { Command } from 'commander';
import { type Done, JSON_HELP, TARGET_HELP } from './shared.ts';

const STATUS_HELP = '\nExit status: 0 done · 1 the agent refuses · 66 it is not installed · 69 it has no process';

export function addRunningCommands(program: Command, done: Done): void {
  program
    .command('top')
    .summary('show how agents are doing, again and again')
    .description(
      'Asks an agent, or all that are installed, once a second how it is doing; those without a process are not started.\n' +
        'On a terminal a table is drawn in place until q or Ctrl-C is pressed; elsewhere each agent is a line.',
    )
    .argument('[target]', TARGET_HELP)
    .option('--once', 'ask and print once; what takes two answers, such as requests per second, is left out')
    .option('--interval <SECONDS>', 'how often to ask (default: 1)')
    .option('--json', 'print one JSON object each time')
    .action(async (target, options) => {
      const { topVerb } = await import('../verbs/top.ts');
      done(await topVerb(target, options));
    });

  program
    .command('reload')
    .summary('have a running agent load its module anew')
    .description(
      'Requests that have been begun are finished by the old one; when the new one fails, the old one goes on.',
    )
    .argument('<target>', TARGET_HELP)
    .option('--json', JSON_HELP)
    .addHelpText('after', STATUS_HELP)
    .action(async (target, options) => {
      const { reloadVerb } = await import('../verbs/control.ts');
      done(await reloadVerb(target, options));
    });

  program
    .command('metrics')
    .summary('print the metrics of a running agent, in the form of Prometheus')
    .argument('<target>', TARGET_HELP)
    .option('--json', JSON_HELP)
    .addHelpText('after', STATUS_HELP)
    .action(async (target, options) => {
      const { metricsVerb } = await import('../verbs/control.ts');
      done(await metricsVerb(target, options));
    });

  program
    .command('log-level')
    .summary('print how much a running agent logs, or change it')
    .description('A change lasts as long as the process.')
    .argument('<target>', TARGET_HELP)
    .argument('[level]', 'trace, debug, info, warn, error, fatal or silent')
    .option('--json', JSON_HELP)
    .addHelpText('after', STATUS_HELP)
    .action(async (target, level, options) => {
      const { logLevelVerb } = await import('../verbs/control.ts');
      done(await logLevelVerb(target, level, options));
    });
}
