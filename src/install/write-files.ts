/** The files of an installation, but for the program's: the log, the record, and what the supervisor reads. */
import { chmod, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ModuleFacts } from '../../workers/task.ts';
import type { JobOptions } from '../installed/job-options.ts';
import type { InstallRecord } from '../installed/record.ts';
import { PACKAGE_VERSION } from '../version.ts';
import { exists, makeFolder, removeTree, type Undo, writeText } from './files.ts';
import type { InstallOptions, Plan } from './plan.ts';

/**
 * The record comes before what the supervisor reads: it says that an installation is under way.
 * @param made is given the folders that had to be made, before the text of the record is asked for.
 * @returns the paths of the files that had to be written.
 */
export async function writeFiles(
  { layout, job, jobFiles, hash }: Plan,
  { previous, made, record }: { previous: InstallRecord | undefined; made: string[]; record: () => string },
  undo: Undo,
): Promise<string[]> {
  const wrote: string[] = [];
  if (job.logFile !== undefined) {
    made.push(...(await makeFolder(layout.logs, undo)));
    // launchd starts no job whose log it cannot open, and would make one that everybody can read.
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
  /** The folders that were made for it. */
  made: readonly string[];
  isUnderWay: boolean;
};

export function recordTextOf({ plan, facts, options, previous, made, isUnderWay }: RecordParts): string {
  const { layout, job } = plan;
  const outside = made.filter((folder) => !`${folder}/`.startsWith(`${layout.folder}/`));
  const record: InstallRecord = {
    format: 1,
    version: PACKAGE_VERSION,
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

type RetainedOptions = JobOptions & Pick<InstallOptions, 'node' | 'copyNode' | 'log'>;

export function retainedOptions({
  agent,
  env,
  workingDirectory,
  tcp,
  processType,
  bundleIdentifiers,
  node,
  copyNode,
  log,
}: InstallOptions): RetainedOptions {
  // JSON leaves out what is undefined.
  return { agent, env, workingDirectory, tcp, processType, bundleIdentifiers, node, copyNode, log } as RetainedOptions;
}
