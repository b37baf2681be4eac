/** Writes the log file, the record, and the supervisor's files of an installation. */
import { chmod, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModuleFacts } from '../../workers/task.ts';
import { versionFileOf, versionFileText } from '../installed/kept-versions.ts';
import type { Layout } from '../installed/layout.ts';
import type { MergedOptions } from '../installed/package-options.ts';
import type { InstallRecord } from '../installed/record.ts';
import type { Origin } from './changes.ts';
import { exists, makeFolder, makePath, removeEmptyFolders, removeTree, type Undo, writeText } from './files.ts';
import { foldersToRecord, withFoldersLocked } from './made-folders.ts';
import type { Plan } from './plan.ts';
import { retainedOptions } from './retained-options.ts';

/**
 * Writes the record before the supervisor's files, since it marks the installation as under way.
 * @param record returns the text of a record that names these folders.
 * @returns the paths of the files that were written.
 */
export async function writeFiles(
  plan: Plan,
  { previous, record }: { previous: InstallRecord | undefined; record: (madeFolders: readonly string[]) => string },
  undo: Undo,
): Promise<string[]> {
  const { layout, job, jobFiles, hash } = plan;
  const wrote: string[] = [];
  if (previous !== undefined && previous.hash !== hash) {
    await removeTree(layout.cache);
    await keepRecord(layout, previous, undo);
  }
  // An uninstallation of another label may remove a shared folder while the folder is empty.
  await withFoldersLocked(plan, async () => {
    const folders = [...jobFiles.map(({ path }) => path), ...Object.values(layout.sockets)].map(dirname);
    const recorded = foldersToRecord(plan, folders);
    // Recorded before they are made: if the process is killed, the folders are removed with the record.
    if (await writeText(layout.record, record(recorded), 0o600, undo)) wrote.push(layout.record);
    // Includes the folders that another installation made: that agent may be uninstalled by then.
    undo(() => withFoldersLocked(plan, () => removeEmptyFolders(recorded)));
    for (const folder of folders) await makePath(folder);
    for (const { path, text, mode } of jobFiles) {
      if (await writeText(path, text, mode, undo)) wrote.push(path);
    }
  });
  if (job.logFile !== undefined) {
    await makeFolder(layout.logs, undo);
    // launchd starts no job whose log it cannot open, and makes a missing log readable for all users.
    if (!(await exists(job.logFile))) {
      undo(() => rm(layout.logFile, { force: true }));
      await (await open(job.logFile, 'a', 0o600)).close();
      await chmod(job.logFile, 0o600);
      wrote.push(job.logFile);
    }
  }
  return wrote;
}

/** What the version that is being replaced needs, beside its folder, to be the current one again. */
async function keepRecord(layout: Layout, previous: InstallRecord, undo: Undo): Promise<void> {
  // A version that was never complete is not returned to, and of one whose folder is gone there is nothing to keep.
  if (previous.isUnderWay === true || !(await exists(join(layout.versions, previous.hash)))) return;
  await writeText(versionFileOf(layout, previous.hash), versionFileText(layout, previous), 0o600, undo);
}

export type RecordParts = Origin & {
  plan: Plan;
  facts: ModuleFacts;
  options: MergedOptions;
  madeFolders: readonly string[];
  isUnderWay: boolean;
};

export function recordTextOf(parts: RecordParts): string {
  const { plan, facts, options, madeFolders, isUnderWay, installedAt, rolledBackFrom } = parts;
  const { job } = plan;
  const record: InstallRecord = {
    format: 1,
    version: plan.launchpool,
    label: job.label,
    supervisor: plan.supervisor.name,
    module: options.module,
    kind: facts.kind,
    methods: facts.methods,
    ...(facts.methodOptions && { methodOptions: facts.methodOptions }),
    hash: plan.hash,
    entry: plan.entry,
    node: { path: plan.node.path, version: plan.node.version },
    logFile: job.logFile,
    searchPath: plan.searchPath,
    sources: plan.sources,
    options: retainedOptions(options),
    ...(Object.keys(options.origins).length > 0 && { origins: options.origins }),
    madeFolders,
    checksArguments: true,
    ...(installedAt === undefined ? {} : { installedAt }),
    ...(rolledBackFrom === undefined ? {} : { rolledBackFrom }),
    ...(isUnderWay ? { isUnderWay } : {}),
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}
