/** The verbs for the versions of an installed agent that are kept: versions, rollback. */
import { ROLLBACK_STEPS, type RolledBack, rollback } from '../../install/return-to-version.ts';
import { type AgentVersion, versions } from '../../installed/agent-versions.ts';
import { type JsonFlag, report } from '../report.ts';
import { viewing } from '../step-view.ts';

export function versionsVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => versions({ label }),
    render: (found) => found.map(lineOf).join(''),
  });
}

/** For example `* 0a1b2c3d4e  2026-12-01T09:30:00Z  /home/ann/rot13.ts  (launchpool 0.1.0, Node v26.1.0)`. */
function lineOf({ id, isCurrent, installedAt, module, launchpool, node }: AgentVersion): string {
  const time = installedAt.replace(/\.\d+Z$/, 'Z');
  return `${isCurrent ? '*' : ' '} ${id}  ${time}  ${module}  (launchpool ${launchpool}, Node ${node.version})\n`;
}

export function rollbackVerb(label: string, to: string | undefined, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => viewing(ROLLBACK_STEPS, json, (onStep) => rollback({ label, to, onStep })),
    render: rolledBackText,
  });
}

function rolledBackText({ label, outcome, from, id, notes }: RolledBack): string {
  const line =
    outcome === 'unchanged' ? `${label}: ${id} is the current version` : `${label}: rolled back from ${from} to ${id}`;
  return [line, ...notes.map((note) => `note: ${note}`), ''].join('\n');
}
