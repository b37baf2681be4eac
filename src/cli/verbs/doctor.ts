/** `launchpool doctor`: what is wrong with installed agents, and what became of it. */
import { doctor } from '../../install/doctor/doctor.ts';
import type { Finding } from '../../install/doctor/finding.ts';
import { report } from '../report.ts';

export type DoctorFlags = { fix?: boolean; json?: boolean };

/** Returns 1 while there are problems left. */
export function doctorVerb(label: string | undefined, { fix, json }: DoctorFlags): Promise<number> {
  return report({
    json,
    run: () => doctor({ label, fix }),
    render: (findings) => (findings.length === 0 ? 'Nothing is wrong.\n' : findings.map(textOf).join('')),
    status: (findings) => (findings.some(isLeft) ? 1 : 0),
  });
}

function isLeft({ severity, fixed }: Finding): boolean {
  return severity === 'problem' && fixed !== true;
}

function textOf(finding: Finding): string {
  const { id, label, severity, message, hint, canFix, fixed, failure } = finding;
  const mark = fixed ? '✔ mended' : severity === 'problem' ? '✖ problem' : '· notice';
  const lines = [`${mark}  ${label === undefined ? '' : `${label}: `}${message} [${id}]`];
  if (failure !== undefined) lines.push(`    could not be mended: ${failure}`);
  else if (canFix && fixed === undefined) lines.push('    launchpool doctor --fix mends it');
  if (hint !== undefined && !fixed) lines.push(`    ${hint}`);
  return `${lines.join('\n')}\n`;
}
