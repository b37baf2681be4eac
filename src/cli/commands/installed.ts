/** The verbs for agents that launchd or systemd starts: install, upgrade, uninstall, restart, status, list, path, env, logs, doctor. */
import type { Command } from 'commander';
import { AGENT_TABLE } from '../../options/agent-table.ts';
import { INSTALL_TABLE } from '../../options/install-table.ts';
import { JSON_TABLE } from '../../options/json-table.ts';
import { DOCTOR_TABLE, LOGS_TABLE, STATUS_TABLE } from '../../options/tool-tables.ts';
import { addVerb, type Done, LABEL_HELP, MODULE_HELP } from './shared.ts';

export function addInstalledCommands(program: Command, done: Done): void {
  addVerb(program, 'install', INSTALL_TABLE, AGENT_TABLE)
    .summary('have launchd or systemd start an agent on demand')
    .description(
      'Copies a module and the agent into a folder, has launchd or systemd hold its socket, and verifies that the agent ' +
        'answers. Upgrades an agent that is already installed under the label; no request fails. When a step fails, ' +
        'restores the previous state.',
    )
    .argument('<module>', MODULE_HELP)
    .action(async (module, flags) => {
      const { installVerb } = await import('../verbs/install.ts');
      done(await installVerb(module, flags));
    });

  addVerb(program, 'upgrade', JSON_TABLE)
    .summary('install an agent again, from the same module')
    .description('Takes over changes of the module, of launchpool, and of the path of Node. No request fails.')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { upgradeVerb } = await import('../verbs/install.ts');
      done(await upgradeVerb(label, flags));
    });

  addVerb(program, 'uninstall', JSON_TABLE)
    .summary('remove an installed agent and everything that belongs to it')
    .description('Waits for running requests, then removes every file, unit, process and socket of the agent.')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { uninstallVerb } = await import('../verbs/installed.ts');
      done(await uninstallVerb(label, flags));
    });

  addVerb(program, 'restart', JSON_TABLE)
    .summary('restart an installed agent')
    .description('Waits for running requests; new connections wait for the next process.')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { restartVerb } = await import('../verbs/installed.ts');
      done(await restartVerb(label, flags));
    });

  addVerb(program, 'status', STATUS_TABLE)
    .summary('print the state of an installed agent')
    .description('Asks the supervisor, and the process if there is one; does not start the agent.')
    .argument('<label>', LABEL_HELP)
    .addHelpText(
      'after',
      '\nExit status: 0 its clients are served · 66 it is not installed · 69 its clients are not served',
    )
    .action(async (label, flags) => {
      const { statusWithOptionsVerb } = await import('../verbs/status-options.ts');
      const { statusVerb } = await import('../verbs/status.ts');
      done(await (flags.options ? statusWithOptionsVerb(label, flags) : statusVerb(label, flags)));
    });

  addVerb(program, 'list', JSON_TABLE)
    .summary('print the state of all installed agents')
    .action(async (flags) => {
      const { listVerb } = await import('../verbs/status.ts');
      done(await listVerb(flags));
    });

  addVerb(program, 'path', JSON_TABLE)
    .summary('print the path of the socket of an installed agent')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { pathVerb } = await import('../verbs/find.ts');
      done(await pathVerb(label, flags));
    });

  addVerb(program, 'env', JSON_TABLE)
    .summary('print the paths of an installed agent as variables for a shell')
    .description('For example: eval "$(launchpool env com.example.rot13)"; nc -U "$LAUNCHPOOL_SOCKET"')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { envVerb } = await import('../verbs/find.ts');
      done(await envVerb(label, flags));
    });

  addVerb(program, 'logs', LOGS_TABLE)
    .summary('print the log of an installed agent')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { logsVerb } = await import('../verbs/logs.ts');
      done(await logsVerb(label, flags));
    });

  addVerb(program, 'doctor', DOCTOR_TABLE)
    .summary('find problems of installed agents')
    .description('Checks for known problems. Does not start an agent, except to repair it.')
    .argument('[label]', 'the only agent to check')
    .addHelpText('after', '\nExit status: 0 no problem, or all are repaired · 1 problems remain')
    .action(async (label, flags) => {
      const { doctorVerb } = await import('../verbs/doctor.ts');
      done(await doctorVerb(label, flags));
    });
}
