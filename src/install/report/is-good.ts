/** Whether a report shows a machine on which agents work. */
import type { MachineReport } from './report.ts';

/** Whether every stage of the test agent passed, nothing is left of it, and doctor found nothing. */
export function isGood({ error, testAgent }: MachineReport): boolean {
  if (error !== undefined || testAgent === undefined) return false;
  const { stages, left, findings } = testAgent;
  const hasProblem = findings.some(({ severity }) => severity === 'problem');
  return !hasProblem && left.length === 0 && stages.every((stage) => stage.error === undefined);
}
