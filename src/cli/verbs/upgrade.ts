/** `launchpool upgrade`, of one agent or of all. */
import { INSTALL_STEPS } from '../../install/install-steps.ts';
import { upgrade } from '../../install/upgrade.ts';
import { type AgentUpgrade, upgradeAll } from '../../install/upgrade-all.ts';
import { parseOptions } from '../../options/parse-options.ts';
import { invalidOption } from '../../options/parse-value.ts';
import { UPGRADE_TABLE } from '../../options/upgrade-table.ts';
import { describe, exitStatusOf } from '../failure.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { print } from '../print.ts';
import { report } from '../report.ts';
import { viewing } from '../step-view.ts';
import { installedText } from './install.ts';

export type UpgradeFlags = CommanderFlags & { json?: boolean };

export async function upgradeVerb(label: string | undefined, flags: UpgradeFlags): Promise<number> {
  const { json } = flags;
  return flags.all
    ? upgradeAllVerb(label, flags)
    : report({
        json,
        run: async () => {
          if (label === undefined) throw invalidOption('the label is missing: LABEL, or --all for every agent');
          const options = { label, ...keepOf(flags) };
          return viewing(INSTALL_STEPS, json, async (onStep) => upgrade({ ...options, onStep }));
        },
        render: installedText,
      });
}

function upgradeAllVerb(label: string | undefined, flags: UpgradeFlags): Promise<number> {
  const { json } = flags;
  return report({
    json,
    run: async () => {
      if (label !== undefined) throw invalidOption(`${label} and --all: give one of them`);
      const onAgent = async (agent: AgentUpgrade): Promise<void> => {
        if (!json) await print(lineOf(agent));
      };
      return upgradeAll({ ...keepOf(flags), onAgent });
    },
    render: summaryOf,
    status: (agents) => {
      const failed = agents.find(({ outcome }) => outcome === 'failed');
      return failed === undefined ? 0 : exitStatusOf(failed.thrown);
    },
  });
}

function keepOf(flags: UpgradeFlags): { keep?: number } {
  const { keep } = parseOptions(UPGRADE_TABLE, givenFlags(UPGRADE_TABLE, flags));
  return keep === undefined ? {} : { keep };
}

const WORDS: Readonly<Record<AgentUpgrade['outcome'], string>> = {
  upgraded: 'upgraded',
  unchanged: 'unchanged',
  'rolled-back': 'left alone: it was rolled back, and its sources have not changed since',
  'module-missing': 'left alone: its module is missing',
  failed: 'failed',
};

function lineOf({ label, outcome, module, notes, thrown }: AgentUpgrade): string {
  const more =
    outcome === 'failed'
      ? `, and is as before: ${describe(thrown)}`
      : outcome === 'module-missing'
        ? `, ${module}`
        : '';
  return [`${label}: ${WORDS[outcome]}${more}`, ...notes.map((note) => `  note: ${note}`), ''].join('\n');
}

/** For example `2 upgraded, 1 unchanged, 1 failed`. */
function summaryOf(agents: readonly AgentUpgrade[]): string {
  if (agents.length === 0) return 'No agent is installed.\n';
  const count = (wanted: readonly AgentUpgrade['outcome'][]): number =>
    agents.filter(({ outcome }) => wanted.includes(outcome)).length;
  const parts = [
    [count(['upgraded']), 'upgraded'],
    [count(['unchanged']), 'unchanged'],
    [count(['rolled-back', 'module-missing']), 'left alone'],
    [count(['failed']), 'failed'],
  ] as const;
  return `${parts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ')}\n`;
}
