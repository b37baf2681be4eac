/** `launchpool install`. */

import { LaunchpoolError } from '../../../wire/errors.ts';
import { shellCommand, shellWord } from '../../../wire/shell-word.ts';
import { type DryRun, dryRun } from '../../install/dry-run.ts';
import { type Installed, install } from '../../install/install.ts';
import { INSTALL_STEPS } from '../../install/install-steps.ts';
import type { InstallOptions } from '../../installed/install-options.ts';
import { packageOptionsOf } from '../../installed/package-options.ts';
import { AGENT_TABLE } from '../../options/agent-table.ts';
import { INSTALL_TABLE } from '../../options/install-table.ts';
import { parseOptions } from '../../options/parse-options.ts';
import { invalidOption } from '../../options/parse-value.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { report } from '../report.ts';
import { viewing } from '../step-view.ts';

export type InstallFlags = CommanderFlags & { json?: boolean; dryRun?: boolean };

export async function installVerb(module: string, flags: InstallFlags): Promise<number> {
  const { json } = flags;
  if (flags.dryRun) {
    return report({ json, run: async () => dryRun(optionsOf(module, flags)), render: dryRunText });
  }
  return report({
    json,
    run: () => viewing(INSTALL_STEPS, json, async (onStep) => install({ ...optionsOf(module, flags), onStep })),
    render: installedText,
  });
}

function optionsOf(module: string, flags: InstallFlags): InstallOptions {
  const given = parseOptions(INSTALL_TABLE, givenFlags(INSTALL_TABLE, flags), 'See `launchpool help install`.');
  const { env = [], bundleIdentifiers = [], json: _json, dryRun: _dryRun, ...rest } = given;
  const agent = givenFlags(AGENT_TABLE, flags);
  return { module, agent, env: envOf(env), bundleIdentifiers, ...rest, label: rest.label ?? labelOf(module) };
}

/** The label in the package.json of a module. */
function labelOf(module: string): string {
  const { path, options } = packageOptionsOf(module) ?? {};
  if (typeof options?.label === 'string') return options.label;
  const where = path ?? 'the package.json of the module';
  throw invalidOption(`the label is missing: give it with --label, or as "launchpool": { "label": … } in ${where}`);
}

function envOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 0) throw withoutValue(pair);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** The value in the shell may be a secret, which the user has not seen on the command line. */
function withoutValue(name: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `--env ${name}: the value is missing`, {
    hint:
      `Write --env ${name}=VALUE, or --env "${name}=$${name}" for the shell's value. Its copy in the files of the ` +
      'installation stays until the next installation: let setup() of the module read a secret from a file of mode 0600, ' +
      "and give the agent's own key with --authkey-file.",
  });
}

export function installedText({ outcome, ...installed }: Installed): string {
  const { label, supervisor, socket, kind, methods, notes, isStopped, authkeyFile } = installed;
  const key = authkeyFile === undefined ? '' : ` --authkey-file ${shellWord(authkeyFile)}`;
  const example = kind === 'raw' ? `${label}${key} --raw 'a message'` : `${label}${key} ${methods[0]} …`;
  const lines = [
    `${label}: ${outcome}, under ${supervisor}, at ${socket}`,
    ...notes.map((note) => `note: ${note}`),
    ...(isStopped ? [] : [`Call it:  launchpool call ${example}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function dryRunText({ label, supervisor, folder, files, commands, texts, notes }: DryRun): string {
  const lines = [
    `Under ${supervisor}, ${label} would be, in ${folder}:`,
    ...files.map(
      ({ path, bytes, status }) => `  ${status.padEnd(7)} ${path}${bytes === undefined ? '' : ` (${bytes} bytes)`}`,
    ),
    ...texts.map(({ path, text }) => `\n--- ${path}\n${text.trimEnd()}`),
    '\nand these commands would run:',
    ...(commands.length === 0 ? ['  none'] : commands.map((command) => `  ${shellCommand(command)}`)),
    ...notes.map((note) => `note: ${note}`),
  ];
  return `${lines.join('\n')}\n`;
}
