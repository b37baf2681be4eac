/** The verbs for installed agents: uninstall, restart, status, list. */

import { list, status } from '../../control/status.ts';
import { restart } from '../../install/restart.ts';
import { UNINSTALL_STEPS, uninstall } from '../../install/uninstall.ts';
import { report } from '../report.ts';
import { alignedRows, statusExitStatus, statusLine, statusText } from '../status-text.ts';
import { createStepView } from '../step-view.ts';

export type JsonFlag = { json?: boolean };

export function uninstallVerb(label: string, { json }: JsonFlag): Promise<number> {
  const view = createStepView(UNINSTALL_STEPS, json);
  return report({
    json,
    run: async () => {
      try {
        return await uninstall({ label, onStep: view.onStep });
      } finally {
        await view.close();
      }
    },
    render: ({ outcome }) => `${label}: ${outcome === 'uninstalled' ? 'uninstalled' : 'was not installed'}\n`,
  });
}

export function restartVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => restart({ label }),
    render: ({ before, pid }) => `${label}: process ${pid}${before === undefined ? '' : ` after ${before}`}\n`,
  });
}

export function statusVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({ json, run: () => status({ label }), render: statusText, status: statusExitStatus });
}

export function listVerb({ json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => list(),
    render: (agents) =>
      agents.length === 0
        ? 'No agent is installed.\n'
        : alignedRows(agents.map((agent) => [agent.label, statusLine(agent)] as const)),
  });
}
