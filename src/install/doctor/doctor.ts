/** Finds known problems of installed agents, and fixes those that have a fix. */
import { setTimeout as wait } from 'node:timers/promises';
import { toPlain } from '../../../wire/errors.ts';
import { supervisedStatus } from '../../control/status.ts';
import { hostOf, platformOf } from '../../installed/host.ts';
import { jobOfRecord } from '../../installed/job-of-record.ts';
import { START_SECONDS } from '../../installed/job-options.ts';
import { installedLabels } from '../../installed/labels.ts';
import { pickSupervisor } from '../../installed/pick-supervisor.ts';
import { type HostOptions, placeOf } from '../../installed/place.ts';
import { mustBeInstalled, readRecord } from '../../installed/record.ts';
import { isStopped } from '../../installed/stop-marker.ts';
import { lockFolder } from '../lock.ts';
import { checkModuleFile, checkNode, checkProgram, checkSources } from './file-checks.ts';
import type { Diagnosis, Finding, Installation } from './finding.ts';
import { checkHeadless, checkLingering, checkPaths, checkSupervisor } from './machine-checks.ts';
import { checkKey, checkModes } from './mode-checks.ts';
import { checkLabel, checkPlacement, checkSockets, checkState, checkStop } from './state-checks.ts';
import { checkSupervisorFiles } from './supervisor-file-checks.ts';

export type DoctorOptions = HostOptions & {
  /** Checks this agent only. @default all agents */
  label?: string | undefined;
  /** Whether to apply the fixes. @default false */
  fix?: boolean | undefined;
  /** How long an agent may take to start before a missing reply is a problem, in milliseconds. @default 30000 */
  startMs?: number | undefined;
};

/** Most transient states end within that time. */
const SETTLE_MS = 200;

/**
 * Starts no agent, unless a fix does.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED for the label of an agent that is not installed
 */
export async function doctor(options: DoctorOptions = {}): Promise<Finding[]> {
  const { label, supervisor, fix } = options;
  const host = hostOf({ ...options.host, ...platformOf(supervisor) });
  const tooLong = checkPaths(host, label);
  // An agent with paths that are too long has no layout, so no other check works.
  if (label !== undefined && tooLong.length === 0) mustBeInstalled(label, host);
  const unreachable = await checkSupervisor(() => (typeof supervisor === 'object' ? supervisor : pickSupervisor(host)));
  const general = [...unreachable, ...(await checkHeadless(host)), ...(await checkLingering(host)), ...tooLong];
  const findings: Finding[] = [];
  for (const diagnosis of general) findings.push(await applyFix(diagnosis, fix));
  if (unreachable.length > 0) return findings;
  const labels = label === undefined ? installedLabels(host) : tooLong.length > 0 ? [] : [label];
  for (const each of labels) findings.push(...(await checkAgent(each, options)));
  return findings;
}

type Check = (installation: Installation) => Diagnosis[];

/** The checks of states that change by themselves. Their findings are confirmed by a second check. */
const TRANSIENT: readonly Check[] = [checkLabel, checkStop, checkPlacement, checkState, checkSockets];
const CHECKS: readonly Check[] = [
  checkLabel,
  checkNode,
  checkProgram,
  checkSources,
  checkModuleFile,
  checkSupervisorFiles,
  checkStop,
  checkPlacement,
  checkState,
  checkSockets,
  checkModes,
  checkKey,
];

/** Fixes are applied under the lock: no other process installs or uninstalls the agent in between. */
async function checkAgent(label: string, options: DoctorOptions): Promise<Finding[]> {
  if (options.fix !== true) return runChecks(label, options);
  const unlock = await lockFolder(placeOf({ ...options, label }).layout.folder);
  try {
    return await runChecks(label, options);
  } finally {
    unlock();
  }
}

/** Runs one check after the other. Each check sees the fixes of the check before. */
async function runChecks(label: string, options: DoctorOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  let installation = await readInstallation(label, options);
  for (const check of CHECKS) {
    if (installation === undefined) return findings;
    if ('severity' in installation) return [...findings, await applyFix(installation)];
    let diagnoses = check(installation);
    if (diagnoses.length > 0 && TRANSIENT.includes(check)) diagnoses = await confirm(diagnoses, check, options);
    const results: Finding[] = [];
    for (const diagnosis of diagnoses) results.push(await applyFix(diagnosis, options.fix));
    findings.push(...results);
    // Nothing of the agent is written while another program's job is in effect.
    if (check === checkLabel && results.length > 0) return findings;
    // Read again only after a fix: each reading waits for the reply of a process that hangs.
    if (results.some(({ fixed }) => fixed !== undefined)) installation = await readInstallation(label, options);
  }
  return findings;
}

/** The diagnoses that a second check makes too. A process that may be starting has the time for it. */
async function confirm(diagnoses: Diagnosis[], check: Check, options: DoctorOptions): Promise<Diagnosis[]> {
  await wait(SETTLE_MS);
  const { startMs = START_SECONDS * 1000 } = options;
  const installation = await readInstallation(diagnoses[0]?.label as string, options, startMs);
  if (installation === undefined || 'severity' in installation) return [];
  return check(installation).filter(({ id, message }) =>
    diagnoses.some((first) => first.id === id && first.message === message),
  );
}

/**
 * Returns a diagnosis if this version of launchpool refuses one of the recorded options, for example an option that it does
 * not have. Undefined if the agent has been uninstalled in the meantime.
 */
async function readInstallation(
  label: string,
  options: DoctorOptions,
  replyMs?: number,
): Promise<Installation | Diagnosis | undefined> {
  const place = placeOf({ ...options, label });
  const record = readRecord(place.layout);
  if (record === undefined) return undefined;
  try {
    const job = jobOfRecord(record, place.layout, place.host);
    // Without an answer of the supervisor, the state is unknown too.
    const misplacement = await place.supervisor.misplacement?.(label).catch(() => undefined);
    const isHeldBack = isStopped(place.layout);
    const load: Installation['load'] = async (changed) => {
      if (!isHeldBack) await place.supervisor.load(job, changed);
    };
    const found = await supervisedStatus({ ...options, label }, replyMs);
    return { ...place, label, record, job, status: found, misplacement, isStopped: isHeldBack, load };
  } catch (error) {
    const { message, hint = 'Install the agent again, with other options.' } = toPlain(error);
    return { id: 'options-invalid', label, severity: 'problem', message, hint };
  }
}

async function applyFix({ fix, ...rest }: Diagnosis, isRequested = false): Promise<Finding> {
  const finding: Finding = { ...rest, canFix: fix !== undefined };
  if (!isRequested || fix === undefined) return finding;
  try {
    await fix();
    return { ...finding, fixed: true };
  } catch (error) {
    return { ...finding, fixed: false, failure: toPlain(error).message };
  }
}
