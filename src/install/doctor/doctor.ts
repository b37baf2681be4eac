/** Looks for what is known to go wrong with installed agents, and mends what can be mended. */
import { toPlain } from '../../../wire/errors.ts';
import { jobOfRecord } from '../job-of-record.ts';
import { type InstallOptions, placeOf } from '../plan.ts';
import { installedLabels, mustBeInstalled } from '../record.ts';
import { status } from '../status.ts';
import { surroundingsOf } from '../surroundings.ts';
import { checkModes, checkNode, checkProgram, checkSupervisorFiles } from './file-checks.ts';
import type { Diagnosis, Finding, Patient } from './finding.ts';
import { checkHeadless, checkLingering, checkPaths, checkSupervisor } from './machine-checks.ts';
import { checkSockets, checkState } from './state-checks.ts';

export type DoctorOptions = Pick<InstallOptions, 'supervisor' | 'surroundings'> & {
  /** Only this agent. @default all */
  label?: string | undefined;
  /** Whether to mend what can be mended. */
  fix?: boolean | undefined;
};

/**
 * Starts no agent, unless that is how one is mended.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED for a label that is not
 */
export async function doctor(options: DoctorOptions = {}): Promise<Finding[]> {
  const surroundings = surroundingsOf(options.surroundings);
  const { supervisor } = placeOf({ ...options, label: 'any' });
  if (options.label !== undefined) mustBeInstalled(options.label, surroundings);
  const unreachable = await checkSupervisor(supervisor);
  const general = [
    ...unreachable,
    ...(await checkHeadless(surroundings)),
    ...(await checkLingering(surroundings)),
    ...checkPaths(surroundings),
  ];
  const findings: Finding[] = [];
  for (const diagnosis of general) findings.push(await treat(diagnosis, options.fix));
  const labels = options.label === undefined ? installedLabels(surroundings) : [options.label];
  for (const label of unreachable.length > 0 ? [] : labels) findings.push(...(await examine(label, options)));
  return findings;
}

/** One check after the other, each after what the one before it has mended. */
async function examine(label: string, options: DoctorOptions): Promise<Finding[]> {
  const checks = [checkNode, checkProgram, checkSupervisorFiles, checkState, checkSockets, checkModes];
  const findings: Finding[] = [];
  for (const check of checks) {
    for (const diagnosis of check(await patientOf(label, options))) findings.push(await treat(diagnosis, options.fix));
  }
  return findings;
}

async function patientOf(label: string, options: DoctorOptions): Promise<Patient> {
  const place = placeOf({ ...options, label });
  const record = mustBeInstalled(label, place.surroundings);
  const job = jobOfRecord(record, place.layout, place.surroundings);
  return { ...place, label, record, job, status: await status({ ...options, label }) };
}

async function treat({ fix, ...found }: Diagnosis, isAsked = false): Promise<Finding> {
  const finding: Finding = { ...found, canFix: fix !== undefined };
  if (!isAsked || fix === undefined) return finding;
  try {
    await fix();
    return { ...finding, fixed: true };
  } catch (error) {
    return { ...finding, fixed: false, failure: toPlain(error).message };
  }
}
