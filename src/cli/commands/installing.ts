/** The verbs that change agents which launchd or systemd starts, from `install` to `uninstall`. */
import type { Command } from 'commander';
import { AGENT_TABLE } from '../../options/agent-table.ts';
import { INSTALL_TABLE } from '../../options/install-table.ts';
import { JSON_TABLE } from '../../options/json-table.ts';
import { UPGRADE_TABLE } from '../../options/upgrade-table.ts';
import { addVerb, type Done, LABEL_HELP, MODULE_HELP } from './shared.ts';

export function addInstallingCommands(program: Command, done: Done): void {
  addVerb(program, 'install', INSTALL_TABLE, AGENT_TABLE)
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

  addVerb(program, 'upgrade', UPGRADE_TABLE)
    .description(
      'Takes over changes of the module, of launchpool, and of the path of Node. No request fails. With --all, goes through ' +
        'the agents one after another, and upgrades those whose sources have changed; one that fails is as before. The ' +
        'exit status is that of the first upgrade that failed, and otherwise 0, also if modules are missing.',
    )
    .argument('[label]', LABEL_HELP)
    .action(async (label, flags) => {
      const { upgradeVerb } = await import('../verbs/upgrade.ts');
      done(await upgradeVerb(label, flags));
    });

  addVerb(program, 'versions', JSON_TABLE)
    .description('The current version has a star. Below it, the version that was replaced last comes first.')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { versionsVerb } = await import('../verbs/versions.ts');
      done(await versionsVerb(label, flags));
    });

  addVerb(program, 'rollback', JSON_TABLE)
    .description(
      'Brings back the program, the module, the options and the Node of that version, and verifies that the agent answers. ' +
        'The process before finishes its requests. When a step fails, restores the previous state. A second rollback undoes ' +
        'the first.',
    )
    .argument('<label>', LABEL_HELP)
    .argument('[version]', 'its id or the first characters of it; otherwise, the version before')
    .action(async (label, version, flags) => {
      const { rollbackVerb } = await import('../verbs/versions.ts');
      done(await rollbackVerb(label, version, flags));
    });

  addVerb(program, 'uninstall', JSON_TABLE)
    .description('Waits for running requests, then removes every file, unit, process and socket of the agent.')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { uninstallVerb } = await import('../verbs/installed.ts');
      done(await uninstallVerb(label, flags));
    });

  addVerb(program, 'stop', JSON_TABLE)
    .description(
      'Waits for running requests. Then nothing holds the socket, also not after a restart of the machine, until ' +
        '`launchpool start`. The files of the agent stay.',
    )
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { stopVerb } = await import('../verbs/installed.ts');
      done(await stopVerb(label, flags));
    });

  addVerb(program, 'start', JSON_TABLE)
    .description(
      'Has launchd or systemd hold the socket again, and verifies that the agent answers. If it does not, it stays stopped.',
    )
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { startVerb } = await import('../verbs/installed.ts');
      done(await startVerb(label, flags));
    });

  addVerb(program, 'restart', JSON_TABLE)
    .description('Waits for running requests; new connections wait for the next process.')
    .argument('<label>', LABEL_HELP)
    .action(async (label, flags) => {
      const { restartVerb } = await import('../verbs/installed.ts');
      done(await restartVerb(label, flags));
    });
}
