/** Upgrades all installed agents whose sources have changed, one after another. */
import { existsSync } from 'node:fs';
import { type PlainError, toPlain } from '../../wire/errors.ts';
import { changedSources } from '../installed/changed-sources.ts';
import { hostOf, platformOf } from '../installed/host.ts';
import { keptVersions } from '../installed/kept-versions.ts';
import { type InstalledAgent, installedAgents } from '../installed/labels.ts';
import type { HostOptions } from '../installed/place.ts';
import { upgrade } from './upgrade.ts';

export type UpgradeAllOptions = HostOptions & {
  /** How many versions of each agent are kept, with the current one. @default the recorded option */
  keep?: number;
  /** Called with each agent when it is done. */
  onAgent?: (agent: AgentUpgrade) => void | Promise<void>;
};

export type AgentUpgrade = {
  label: string;
  /**
   * - `upgraded`, `unchanged`: as upgrade(). An agent without a changed source is not installed again.
   * - `rolled-back`: left alone, since its sources are still those that a rollback has replaced.
   * - `module-missing`: left alone, since its module does not exist any more. The agent does not need it.
   * - `failed`: as it was before.
   */
  outcome: 'upgraded' | 'unchanged' | 'rolled-back' | 'module-missing' | 'failed';
  /** Path of the module. */
  module: string;
  /** Notes of the upgrade, as sentences. */
  notes: readonly string[];
  /** The error of a failed upgrade. */
  error?: PlainError;
  /** The same, as it was thrown. Not enumerable. */
  readonly thrown?: unknown;
};

/** Goes on after a failure. The agents come in the order of their labels. */
export async function upgradeAll({ onAgent, keep, ...options }: UpgradeAllOptions = {}): Promise<AgentUpgrade[]> {
  const host = hostOf({ ...options.host, ...platformOf(options.supervisor) });
  const upgrades: AgentUpgrade[] = [];
  for (const agent of installedAgents(host)) {
    const done = await upgradeOne(agent, { ...options, ...(keep === undefined ? {} : { keep }) });
    upgrades.push(done);
    await onAgent?.(done);
  }
  return upgrades;
}

async function upgradeOne(
  { label, layout, record }: InstalledAgent,
  options: HostOptions & { keep?: number },
): Promise<AgentUpgrade> {
  const { module, sources, rolledBackFrom } = record;
  const without = (outcome: AgentUpgrade['outcome']): AgentUpgrade => ({ label, outcome, module, notes: [] });
  if (!existsSync(module)) return without('module-missing');
  // The record of an earlier launchpool has no sources, which may have changed.
  if (sources !== undefined && changedSources(sources).length === 0) return without('unchanged');
  const refused = keptVersions(layout, record.hash).find((kept) => kept.record.hash === rolledBackFrom)?.record;
  if (refused?.sources !== undefined && changedSources(refused.sources).length === 0) return without('rolled-back');
  try {
    const { outcome, notes } = await upgrade({ ...options, label });
    return { ...without(outcome === 'unchanged' ? 'unchanged' : 'upgraded'), notes };
  } catch (error) {
    const failed = { ...without('failed'), error: toPlain(error) };
    return Object.defineProperty(failed, 'thrown', { value: error });
  }
}
