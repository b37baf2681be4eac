/** Writes the log file, the record, and the supervisor's files of an installation. */
import { chmod, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ModuleFacts } from '../../workers/task.ts';
import type { InstallOptions } from '../installed/install-options.ts';
import type { InstallRecord } from '../installed/record.ts';
import { packageVersion } from '../version.ts';
import { exists, makeFolder, removeTree, type Undo, writeText } from './files.ts';
import type { Plan } from './plan.ts';
import { retainedOptions } from './retained-options.ts';

/**
 * Writes the record before the supervisor's files, since it marks the installation as under way.
 * @param made receives the folders that were made, before record() is called.
 * @param record the text of the record.
 * @returns the paths of the files that were written.
 */
export async function writeFiles(
  { layout, job, jobFiles, hash }: Plan,
  { previous, made, record }: { previous: InstallRecord | undefined; made: string[]; record: () => string },
  undo: Undo,
): Promise<string[]> {
  const wrote: string[] = [];
  if (job.logFile !== undefined) {
    made.push(...(await makeFolder(layout.logs, undo)));
    // launchd starts no job whose log it cannot open, and makes a missing log readable for all users.
    if (!(await exists(job.logFile))) {
      undo(() => rm(layout.logFile, { force: true }));
      await (await open(job.logFile, 'a', 0o600)).close();
      await chmod(job.logFile, 0o600);
      wrote.push(job.logFile);
    }
  }
  if (previous !== undefined && previous.hash !== hash) await removeTree(layout.cache);
  for (const { path } of jobFiles) made.push(...(await makeFolder(dirname(path), undo)));
  if (await writeText(layout.record, record(), 0o600, undo)) wrote.push(layout.record);
  for (const { path, text, mode } of jobFiles) {
    if (await writeText(path, text, mode, undo)) wrote.push(path);
  }
  return wrote;
}

export type RecordParts = {
  plan: Plan;
  facts: ModuleFacts;
  options: InstallOptions;
  previous: InstallRecord | undefined;
  /** The folders that this installation made. */
  made: readonly string[];
  isUnderWay: boolean;
};

export function recordTextOf({ plan, facts, options, previous, made, isUnderWay }: RecordParts): string {
  const { layout, job } = plan;
  const outside = made.filter((folder) => !`${folder}/`.startsWith(`${layout.folder}/`));
  const record: InstallRecord = {
    format: 1,
    version: packageVersion(),
    label: job.label,
    supervisor: plan.supervisor.name,
    module: options.module,
    kind: facts.kind,
    methods: facts.methods,
    hash: plan.hash,
    entry: plan.entry,
    node: { path: plan.node.path, version: plan.node.version },
    logFile: job.logFile,
    options: retainedOptions(options),
    madeFolders: [...new Set([...(previous?.madeFolders ?? []), ...outside])],
    ...(isUnderWay ? { isUnderWay } : {}),
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}
