/** What a completion has to know about installed agents, from their files: no agent is started, no supervisor asked. */
import { hostOf } from '../../installed/host.ts';
import { keptVersions } from '../../installed/kept-versions.ts';
import { type InstalledAgent, installedAgents, labelOfTarget } from '../../installed/labels.ts';
import type { Installed } from './candidates.ts';

/** Nothing is installed where the files cannot be read. */
export const INSTALLED: Installed = {
  labels: () => found().map(({ label, record }) => ({ value: label, description: record.module })),
  methods: (target) => agentOf(target)?.record.methods.slice() ?? [],
  versions(label) {
    const agent = agentOf(label);
    if (agent === undefined) return [];
    return keptVersions(agent.layout, agent.record.hash).map(({ record, replacedAt }) => ({
      value: record.hash,
      description: `replaced at ${replacedAt}`,
    }));
  },
};

function found(): InstalledAgent[] {
  try {
    return installedAgents();
  } catch {
    return [];
  }
}

function agentOf(target: string): InstalledAgent | undefined {
  const agents = found();
  if (agents.length === 0) return undefined;
  const label = labelOfTarget(target, { host: hostOf() });
  return agents.find((agent) => agent.label === label);
}
