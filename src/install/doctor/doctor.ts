/** Looks for what is known to go wrong with installed agents, and mends what can be mended. */
import { setTimeout as wait } from 'node:timers/promises';
import { toPlain } from '../../../wire/errors.ts';
import { status } from '../../control/status.ts';
import { type Host, hostOf } from '../../installed/host.ts';
import { jobOfRecord } from '../../installed/job-of-record.ts';
import { pickSupervisor } from '../../installed/pick-supervisor.ts';
import { installedLabels, mustBeInstalled, readRecord } from '../../installed/record.ts';
import { START_MS } from '../install.ts';
import { lockFolder } from '../lock.ts';
import { type InstallOptions, placeOf } from '../plan.ts';
import { checkNode, checkProgram } from './file-checks.ts';
import type { Diagnosis, Finding, Patient } from './finding.ts';
import { checkHeadless, checkLingering, checkPaths, checkSupervisor } from './machine-checks.ts';
import { checkKey, checkModes } from './mode-checks.ts';
import { checkSockets, checkState } from './state-checks.ts';
import { checkSupervisorFiles } from './supervisor-file-checks.ts';

export type DoctorOptions = Pick<InstallOptions, 'supervisor' | 'host'> & {
  /** Only this agent. @default all */
  label?: string | undefined;
  /** Whether to mend what can be mended. */
  fix?: boolean | undefined;
  /** How long an agent may take to start before it is said to hang, in milliseconds. @default 30000 */
  startMs?: number | undefined;
};

/** What is on its way when it is first looked at has come to rest by then, mostly. */
const SETTLE_MS = 200;

/**
 * Starts no agent, unless that is how one is mended.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED for a label that is not
 */
export async function doctor(options: DoctorOptions = {}): Promise<Finding[]> {
  const { label, supervisor, fix } = options;
  const host = hostOf({ ...options.host, ...platformOf(supervisor) });
  const tooLong = checkPaths(host, label);
  // Of one whose path is too long, nothing else can be looked at.
  if (label !== undefined && tooLong.length === 0) mustBeInstalled(label, host);
  const unreachable = await checkSupervisor(() => (typeof supervisor === 'object' ? supervisor : pickSupervisor(host)));
  const general = [...unreachable, ...(await checkHeadless(host)), ...(await checkLingering(host)), ...tooLong];
  const findings: Finding[] = [];
  for (const diagnosis of general) findings.push(await treat(diagnosis, fix));
  if (unreachable.length > 0) return findings;
  const labels = label === undefined ? installedLabels(host) : tooLong.length > 0 ? [] : [label];
  for (const each of labels) findings.push(...(await examine(each, options)));
  return findings;
}

function platformOf(supervisor: DoctorOptions['supervisor']): Partial<Host> {
  return typeof supervisor === 'string' ? { platform: supervisor === 'launchd' ? 'darwin' : 'linux' } : {};
}

type Check = (patient: Patient) => Diagnosis[];

/** Of what changes by itself, and not only where somebody interferes. */
const PASSING: readonly Check[] = [checkState, checkSockets];
const CHECKS: readonly Check[] = [checkNode, checkProgram, checkSupervisorFiles, ...PASSING, checkModes, checkKey];

/** What is mended, is mended while nobody installs or uninstalls it. */
async function examine(label: string, options: DoctorOptions): Promise<Finding[]> {
  if (options.fix !== true) return examineAll(label, options);
  const unlock = await lockFolder(placeOf({ ...options, label }).layout.folder);
  try {
    return await examineAll(label, options);
  } finally {
    unlock();
  }
}

/** One check after the other, each after what the one before it has mended. */
async function examineAll(label: string, options: DoctorOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  let patient = await patientOf(label, options);
  for (const check of CHECKS) {
    if (patient === undefined) return findings;
    if ('severity' in patient) return [...findings, await treat(patient)];
    let found = check(patient);
    if (found.length > 0 && PASSING.includes(check)) found = await foundAgain(found, check, options);
    const treated: Finding[] = [];
    for (const diagnosis of found) treated.push(await treat(diagnosis, options.fix));
    findings.push(...treated);
    // One that hangs is waited for each time that it is asked.
    if (treated.some(({ fixed }) => fixed !== undefined)) patient = await patientOf(label, options);
  }
  return findings;
}

/** Those that a second look finds too; a process that may just be starting is given the time for it. */
async function foundAgain(found: Diagnosis[], check: Check, options: DoctorOptions): Promise<Diagnosis[]> {
  await wait(SETTLE_MS);
  const { startMs = START_MS } = options;
  const patient = await patientOf(found[0]?.label as string, options, startMs);
  if (patient === undefined || 'severity' in patient) return [];
  return check(patient).filter(({ id, message }) => found.some((one) => one.id === id && one.message === message));
}

/**
 * What is known of it, or what keeps it from being looked at: an option that cannot be followed any more, such as one that this version does
 * not know. Undefined when it has been uninstalled meanwhile.
 */
async function patientOf(
  label: string,
  options: DoctorOptions,
  answerMs?: number,
): Promise<Patient | Diagnosis | undefined> {
  const place = placeOf({ ...options, label });
  const record = readRecord(place.layout);
  if (record === undefined) return undefined;
  try {
    const job = jobOfRecord(record, place.layout, place.host);
    return { ...place, label, record, job, status: await status({ ...options, label }, answerMs) };
  } catch (error) {
    const { message, hint = 'Install it again, with other options.' } = toPlain(error);
    return { id: 'options-invalid', label, severity: 'problem', message, hint };
  }
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
