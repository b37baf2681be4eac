/** What the commands have in common: how their options come from the tables, and texts of their help. */
import { type Command, Option as CommanderOption } from 'commander';
import { helpOf, syntaxOf } from '../../options/describe-option.ts';
import type { Option, Table } from '../../options/option.ts';
import type { Verb } from '../../options/verb-tables.ts';
import { VERBS } from '../../options/verbs.ts';

/** Takes the exit status of the verb. */
export type Done = (status: number) => void;

export const TARGET_HELP = "an agent's label, or the path of its socket";
/** Of verbs that call as clients do. */
export const CLIENT_TARGET_HELP = `${TARGET_HELP}; or nats://HOST/NAME for a service on NATS`;
export const LABEL_HELP = 'the label of an installed agent';
export const MODULE_HELP = 'the module whose exported functions clients call';

/** A command with its line in the help, and the options of its tables. */
export function addVerb(program: Command, verb: Verb, ...tables: readonly Table[]): Command {
  const command = program.command(verb).summary(VERBS[verb].summary);
  command.showHelpAfterError(`See \`launchpool ${verb} --help\`.`);
  for (const table of tables) addOptions(command, table);
  return command;
}

/** Adds the meanings of exit statuses to the help, wrapped like the options. */
export function addExitStatuses(command: Command, meanings: Readonly<Record<number, string>>): Command {
  return command.addHelpText('after', ({ error }) => {
    const output = command.configureOutput();
    const helper = command.createHelp();
    helper.prepareContext({ helpWidth: error ? output.getErrHelpWidth?.() : output.getOutHelpWidth?.() });
    const lines = Object.entries(meanings).map(([status, text]) => helper.formatItem(status, 2, text, helper));
    return ['', 'Exit status:', ...lines].join('\n');
  });
}

export function addOptions(command: Command, table: Table): Command {
  for (const row of Object.values(table)) command.addOption(optionOf(row));
  return command;
}

function optionOf(row: Option): CommanderOption {
  // commander knows a value that may be missing by a space; bare-options.ts joins it.
  const syntax = syntaxOf(row)
    .replace('[=', ' [')
    .replace(/ ([^[].*)$/, ' <$1>');
  const option = new CommanderOption(row.short === undefined ? syntax : `-${row.short}, ${syntax}`, helpOf(row));
  if ('value' in row && row.value.kind === 'texts') {
    option.argParser((value: string, before: string[] = []) => [...before, value]);
  }
  return option;
}
