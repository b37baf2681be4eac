/** `launchpool doctor`: prints the problems of installed agents, and the results of their repair. */
import { LaunchpoolError } from '../../../wire/errors.ts';
import { doctor } from '../../install/doctor/doctor.ts';
import type { Finding } from '../../install/doctor/finding.ts';
import { isGood } from '../../install/report/is-good.ts';
import { report } from '../report.ts';

export type DoctorFlags = { fix?: boolean; json?: boolean; report?: boolean };

const REPORT_HINT = 'A report is about the machine, with a test agent of its own: leave out the label and --fix.';

/** @returns the exit status; 1 when a problem is not fixed. */
export function doctorVerb(label: string | undefined, { fix, json, report: isReport }: DoctorFlags): Promise<number> {
  if (isReport) return reportVerb(label !== undefined || fix === true);
  return report({
    json,
    run: () => doctor({ label, fix }),
    render: (findings) => (findings.length === 0 ? 'No problems found.\n' : findings.map(findingText).join('')),
    status: (findings) => (findings.some(isUnfixed) ? 1 : 0),
  });
}

/** The report is JSON in any case: people send it on. */
function reportVerb(isMisused: boolean): Promise<number> {
  return report({
    json: false,
    async run() {
      if (isMisused)
        throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', '--report stands alone', { hint: REPORT_HINT });
      const { reportMachine } = await import('../../install/report/report.ts');
      const ending = new AbortController();
      // A further signal changes nothing: the test agent must be uninstalled.
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => ending.abort());
      return reportMachine({
        signal: ending.signal,
        onStage: (stage) => process.stderr.write(`test agent: ${stage}\n`),
      });
    },
    render: (found) => `${JSON.stringify(found, null, 2)}\n`,
    status: (found) => (isGood(found) ? 0 : 1),
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
