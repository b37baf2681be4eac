/** `launchpool doctor`: prints the problems of installed agents, and the results of their repair. */
import { doctor } from '../../install/doctor/doctor.ts';
import type { Finding } from '../../install/doctor/finding.ts';
import { report } from '../report.ts';

export type DoctorFlags = { fix?: boolean; json?: boolean };

/** @returns the exit status; 1 when a problem is not fixed. */
export function doctorVerb(label: string | undefined, { fix, json }: DoctorFlags): Promise<number> {
  return report({
    json,
    run: () => doctor({ label, fix }),
    render: (findings) => (findings.length === 0 ? 'No problems found.\n' : findings.map(findingText).join('')),
    status: (findings) => (findings.some(isUnfixed) ? 1 : 0),
  });
}

function isUnfixed({ severity, fixed }: Finding): boolean {
  return severity === 'problem' && fixed !== true;
}

function findingText(finding: Finding): string {
  const { id, label, severity, message, hint, canFix, fixed, failure } = finding;
  const mark = fixed ? '✔ fixed' : severity === 'problem' ? '✖ problem' : '· notice';
  const lines = [`${mark}  ${label === undefined ? '' : `${label}: `}${message} [${id}]`];
  if (failure !== undefined) lines.push(`    the fix failed: ${failure}`);
  else if (canFix && fixed === undefined) lines.push('    Run `launchpool doctor --fix` to fix it.');
  if (hint !== undefined && !fixed) lines.push(`    ${hint}`);
  return `${lines.join('\n')}\n`;
}
