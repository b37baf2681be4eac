/** The verbs that print the state of installed agents: status, list. */
import type { RunCommand } from '../../../job/run-command.ts';
import { list, status } from '../../control/status.ts';
import { type JsonFlag, report } from '../report.ts';
import { alignedRows, statusExitStatus, statusLine, statusText } from '../status-text.ts';

/** How the supervisor is asked. @default as the host does */
type Asking = { run?: RunCommand };

export function statusVerb(label: string, { json }: JsonFlag, host: Asking = {}): Promise<number> {
  return report({ json, run: () => status({ label, host }), render: statusText, status: statusExitStatus });
}

export function listVerb({ json }: JsonFlag, host: Asking = {}): Promise<number> {
  return report({
    json,
    run: () => list({ host }),
    render: (agents) =>
      agents.length === 0
        ? 'No agent is installed.\n'
        : alignedRows(agents.map((agent) => [agent.label, statusLine(agent)] as const)),
  });
}
