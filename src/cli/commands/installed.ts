/** The verbs for agents that launchd or systemd starts: install, upgrade, uninstall, restart, status, list, logs, doctor. */
import type { Command } from 'commander';
import { addAgentFlags, type Done, JSON_HELP } from './shared.ts';

const LABEL_HELP = 'the label it is installed under';

export function addInstalledCommands(program: Command, done: Done): void {
  const several = (value: string, before: string[] = []): string[] => [...before, value];

  addAgentFlags(
    program
      .command('install')
      .summary('have launchd or systemd start an agent on demand')
      .description(
        'Puts a module and the agent into a folder of their own, has launchd or systemd hold its socket, and makes sure\n' +
          'that it answers. Under a label that is there already, it is brought up to date, and no request fails. When a\n' +
          'step fails, all is put back as it was.',
      )
      .argument('<module>', 'the module whose exported functions are to be called')
      .requiredOption('--label <LABEL>', 'a name for it, such as com.example.rot13')
      .option('--node <PATH>', 'the Node that it shall run on (default: this one)')
      .option('--copy-node', 'take a copy of that Node along')
      .option(
        '--env <NAME=VALUE>',
        'a variable of its environment, which has none of the shell (may be repeated)',
        several,
      )
      .option('--working-directory <FOLDER>', 'where it runs (default: the home folder)')
      .option('--tcp <ADDRESS:PORT>', 'listen on the loopback interface too; needs --authkey-file')
      .option('--log <WHERE>', 'journal or file (default: journal where there is one)')
      .option('--process-type <TYPE>', 'macOS: interactive, standard, adaptive or background (default: interactive)')
      .option('--bundle-identifier <ID>', 'macOS: the app that it is a part of (may be repeated)', several)
      .option('--dry-run', 'print every file and every command, and change nothing')
      .option('--supervisor <NAME>', 'launchd or systemd (default: that of this system)')
      .option('--json', JSON_HELP),
  ).action(async (module, options) => {
    const { installVerb } = await import('../verbs/install.ts');
    done(await installVerb(module, options));
  });

  program
    .command('upgrade')
    .summary('install an agent again, from the same module')
    .description('Takes over what has changed in the module, in launchpool, or in where Node is. No request fails.')
    .argument('<label>', LABEL_HELP)
    .option('--json', JSON_HELP)
    .action(async (label, options) => {
      const { upgradeVerb } = await import('../verbs/install.ts');
      done(await upgradeVerb(label, options));
    });

  program
    .command('uninstall')
    .summary('remove an installed agent, and all that belongs to it')
    .description('Lets it finish what it has begun; then no file, unit, process or socket of it is left.')
    .argument('<label>', LABEL_HELP)
    .option('--json', JSON_HELP)
    .action(async (label, options) => {
      const { uninstallVerb } = await import('../verbs/installed.ts');
      done(await uninstallVerb(label, options));
    });

  program
    .command('restart')
    .summary('have an installed agent start anew')
    .description('Lets it finish what it has begun; what connects meanwhile waits for the next process.')
    .argument('<label>', LABEL_HELP)
    .option('--json', JSON_HELP)
    .action(async (label, options) => {
      const { restartVerb } = await import('../verbs/installed.ts');
      done(await restartVerb(label, options));
    });

  program
    .command('status')
    .summary('say how an installed agent is doing')
    .description('Asks the supervisor, and the process if there is one; starts none.')
    .argument('<label>', LABEL_HELP)
    .option('--json', JSON_HELP)
    .addHelpText('after', '\nExit status: 0 its users are served · 66 it is not installed · 69 they are not')
    .action(async (label, options) => {
      const { statusVerb } = await import('../verbs/installed.ts');
      done(await statusVerb(label, options));
    });

  program
    .command('list')
    .summary('say how all installed agents are doing')
    .option('--json', JSON_HELP)
    .action(async (options) => {
      const { listVerb } = await import('../verbs/installed.ts');
      done(await listVerb(options));
    });

  program
    .command('logs')
    .summary('print the log of an installed agent')
    .argument('<label>', LABEL_HELP)
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <N>', 'so many of the last lines (default: 100)')
    .option('--json', 'print the lines as they stand, which are JSON but for what the module prints itself')
    .action(async (label, options) => {
      const { logsVerb } = await import('../verbs/logs.ts');
      done(await logsVerb(label, options));
    });

  program
    .command('doctor')
    .summary('find out what is wrong with installed agents')
    .description('Looks for what is known to go wrong. Starts no agent, unless that is how one is mended.')
    .argument('[label]', 'only this one')
    .option('--fix', 'mend what can be mended')
    .option('--json', JSON_HELP)
    .addHelpText('after', '\nExit status: 0 nothing is wrong, or all is mended · 1 problems are left')
    .action(async (label, options) => {
      const { doctorVerb } = await import('../verbs/doctor.ts');
      done(await doctorVerb(label, options));
    });
}
