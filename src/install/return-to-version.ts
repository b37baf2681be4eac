/** Returns an installed agent to a version that is kept, with the options and the Node that it had. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { InstallOptions } from '../installed/install-options.ts';
import { jobOfRecord } from '../installed/job-of-record.ts';
import { SEARCH_PATH } from '../installed/job-options.ts';
import { keptVersion, notKept } from '../installed/kept-versions.ts';
import { type Place, type PlaceOptions, placeOf } from '../installed/place.ts';
import { type InstallRecord, mustBeInstalled } from '../installed/record.ts';
import { CHECK, PROGRAM } from '../installed/runtime-files.ts';
import { apply } from './apply.ts';
import { type Installed, installedOf } from './install.ts';
import { INSTALL_STEPS } from './install-steps.ts';
import { checkKeyFile, missingKeyFile } from './key-file.ts';
import { lockFolder } from './lock.ts';
import type { LabelLock } from './made-folders.ts';
import { versionOf } from './node-copy.ts';
import { keepOf, type Plan } from './plan.ts';
import { createSteps, type StepEvent } from './rollback.ts';

const { module, files, load, verify } = INSTALL_STEPS;
export const ROLLBACK_STEPS = {
  check: 'Find the version',
  program: 'Take its program and its module',
  module,
  files,
  load,
  verify,
} as const;

export type RollbackOptions = PlaceOptions & {
  /**
   * The id of the version, or its first characters. @default the version that the current one has replaced
   */
  to?: string | undefined;
  onStep?: (event: StepEvent) => void;
};

export type RolledBack = Omit<Installed, 'outcome'> & {
  outcome: 'rolled-back' | 'unchanged';
  /** The id of the version before. */
  from: string;
};

/**
 * As upgrade(), with a version that is kept: its module is checked, it becomes the current one, and the agent has to answer.
 * Otherwise everything is as before. The version that it replaces is kept in turn, so a second rollback undoes the first.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED, ERR_LAUNCHPOOL_VERSION_NOT_KEPT, and as install()
 */
export async function rollback(options: RollbackOptions): Promise<RolledBack> {
  const { label, to } = options;
  const place = placeOf(options);
  const { layout, host } = place;
  mustBeInstalled(label, host);
  const steps = createSteps(ROLLBACK_STEPS, options.onStep);
  const lock: LabelLock = { isLocked: true };
  try {
    lock.unlock = await lockFolder(layout.folder);
    const current = mustBeInstalled(label, host);
    const plan = await steps.run('check', async ({ detail }) => {
      await place.supervisor.check();
      const isCurrent = to !== undefined && to !== '' && current.isUnderWay !== true && current.hash.startsWith(to);
      const record = isCurrent ? current : keptVersion(current, layout, to).record;
      detail(record.hash);
      return planReturn(place, record, current);
    });
    const { options: recorded, origins = {}, module: source } = plan.returnsTo as InstallRecord;
    const merged = { ...optionsOf(recorded, current), label, module: source, origins, section: undefined };
    const applied = await apply(plan, merged, steps, { lock });
    const outcome = applied.outcome === 'unchanged' ? 'unchanged' : 'rolled-back';
    return { ...installedOf(plan, applied), outcome, from: current.hash };
  } catch (error) {
    throw await steps.fail(error);
  } finally {
    lock.unlock?.();
  }
}

/** How many versions are kept belongs to the agent, and not to a version. */
function optionsOf(
  recorded: InstallRecord['options'],
  { options: { keep } }: InstallRecord,
): Omit<InstallOptions, 'module' | 'label'> {
  return { ...recorded, keep: keep as number | undefined };
}

async function planReturn(place: Place, record: InstallRecord, current: InstallRecord): Promise<Plan> {
  const { layout, host, supervisor } = place;
  const { hash, entry, node, label } = record;
  const folder = join(layout.versions, hash);
  const missing = [PROGRAM, CHECK, entry].map((name) => join(folder, name)).filter((path) => !existsSync(path));
  if (missing.length > 0) {
    throw notKept(`version ${hash} is not complete: ${missing.join(', ')} is missing`, `Install ${label} again.`);
  }
  const options = optionsOf(record.options, current);
  const keyFile = missingKeyFile(options);
  if (keyFile !== undefined) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `the key of version ${hash} is missing: ${keyFile}`, {
      hint: 'Restore the file: with a new key, the clients of that version could not connect.',
    });
  }
  checkKeyFile(options);
  if (!existsSync(node.path)) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_NODE_UNFIT', `the Node of version ${hash} is missing: ${node.path}`, {
      hint: `Install ${label} again from the sources of that version.`,
    });
  }
  const job = jobOfRecord(record, layout, host);
  return {
    ...place,
    job,
    jobFiles: supervisor.filesOf(job),
    node: { path: node.path, version: await versionOf(node.path), from: undefined },
    searchPath: record.searchPath ?? SEARCH_PATH,
    keep: keepOf(options),
    returnsTo: record,
    notes: [],
    files: [],
    hash,
    entry,
    sourceFolders: [],
    sources: record.sources,
    launchpool: record.version,
  };
}
