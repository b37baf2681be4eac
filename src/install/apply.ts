/** Applies a plan, step by step. Each step registers how it is undone. */
import { join } from 'node:path';
import type { MethodForms, ModuleFacts } from '../../workers/task.ts';
import { waitForStatus } from '../control/wait-for-status.ts';
import { jobOfRecord } from '../installed/job-of-record.ts';
import { mustBeFree, taken } from '../installed/ownership.ts';
import type { MergedOptions } from '../installed/package-options.ts';
import { type InstallRecord, madeFoldersIn, readRecord } from '../installed/record.ts';
import { isStopped, stoppedNote } from '../installed/stop-marker.ts';
import { hasModuleFile } from '../module/module-file.ts';
import { type Before, type Changes, changesOf, originOf } from './changes.ts';
import { cleanUp } from './cleanup.ts';
import { makeFolder, pointTo, removeTree, writeText } from './files.ts';
import type { InstallStep } from './install-steps.ts';
import { checkKeyFile, makeKeyFile, missingKeyFile } from './key-file.ts';
import { type LabelLock, takeFolder } from './made-folders.ts';
import { type FoundFacts, moduleFacts } from './module-facts.ts';
import { copyNode } from './node-copy.ts';
import type { Plan } from './plan.ts';
import { replaceProcess } from './replace-process.ts';
import type { StepContext, Steps } from './rollback.ts';
import { checkPort } from './verify.ts';
import { writeVersion } from './version-folder.ts';
import { recordTextOf, writeFiles } from './write-files.ts';

const STOPPED = 'the agent is stopped';

type RecordText = (isUnderWay: boolean, madeFolders: readonly string[]) => string;

/** The steps of an installation that change something. */
export type ApplyStep = Exclude<InstallStep, 'check' | 'node' | 'bundle' | 'describe'>;

export type Applied = {
  outcome: 'installed' | 'upgraded' | 'unchanged';
  facts: ModuleFacts;
  /** On what the installation leaves behind, as sentences. */
  notes: readonly string[];
  /** Whether the agent is stopped on purpose: it has not been started. */
  isStopped: boolean;
  /** The path of a key that was made. */
  keyFile: string | undefined;
};

/** Describes a version whose module has been checked. Returns whether an agent that runs has other checks of arguments. */
export type Describe = (facts: ModuleFacts, forms: MethodForms | undefined) => Promise<boolean>;

type ApplyOptions = {
  /** Receives `unlock`, to be called after a failed installation has been undone. */
  lock: LabelLock;
  /** @default the version has its description */
  describe?: Describe;
};

export async function apply(
  plan: Plan,
  options: MergedOptions,
  steps: Steps<ApplyStep>,
  { lock, describe }: ApplyOptions,
): Promise<Applied> {
  const { job, layout, supervisor, hash, node } = plan;
  const before = await steps.run('program', (step) => writeProgram(plan, options, lock, step));
  const { previous, keyFile } = before;
  const changes = changesOf(plan, options, before);
  const { isLoaded, isNewVersion, mustLoad } = changes;
  const notes: string[] = [];
  const { forms, ...facts } = await steps.run('module', ({ detail, skip }): Promise<FoundFacts> | FoundFacts => {
    // Its setup() may fail with other options, too.
    const mustCheck = previous?.hash !== hash || isNewVersion || !changes.isUnchanged;
    if (mustCheck || !hasModuleFile(join(layout.versions, hash), plan.entry, previous))
      return moduleFacts(plan, options, notes, detail);
    skip('this version has been checked');
    return { kind: previous.kind, methods: previous.methods };
  });
  const hasNewChecks = (await describe?.(facts, forms)) ?? false;
  const isUnchanged = changes.isUnchanged && !hasNewChecks;
  const origin = originOf(plan, previous, isUnchanged);
  const recordText: RecordText = (isUnderWay, madeFolders) =>
    recordTextOf({ plan, facts, options, madeFolders, isUnderWay, ...origin });
  await steps.run('files', (step) => writeInstallation(plan, before, { ...changes, isUnchanged }, recordText, step));
  await steps.run('load', async ({ undo, skip }) => {
    if (before.isStopped) return skip(STOPPED);
    // The previous job of this agent may hold the port.
    const isHeld = before.status.listening && previous?.options.tcp === options.tcp;
    if (job.tcp !== undefined && !isHeld) await checkPort(job.tcp);
    // Undone before the files are removed: the supervisor needs them to unload a new job.
    if (!isLoaded) undo(() => supervisor.unload(job.label));
    if (mustLoad) await supervisor.load(job, changes.files);
    else skip('already loaded');
  });
  await steps.run('verify', async ({ undo, detail, skip }) => {
    const updateRecord = (): Promise<unknown> =>
      writeText(layout.record, recordText(false, madeFoldersIn(layout.record)), 0o600, undo);
    if (isUnchanged) {
      // The sources may differ in what the bundle does not have, such as comments; and an option may have another origin.
      if (recordedOf(previous) !== recordedOf({ ...plan, ...options })) await updateRecord();
      return skip('nothing has changed');
    }
    if (before.isStopped) {
      await updateRecord();
      return skip(STOPPED);
    }
    // A client may have started the previous version since the status was read, so a process is dismissed in any case.
    const { before: replaced, pid } = await replaceProcess(plan, job, hash);
    await updateRecord();
    detail(replaced === undefined ? `process ${pid}` : `process ${pid} after ${replaced}`);
  });
  const misplacement = await supervisor.misplacement?.(job.label).catch(() => undefined);
  if (misplacement !== undefined) notes.push(`${misplacement.message}. ${misplacement.hint}`);
  if (before.isStopped) notes.push(stoppedNote(job.label));
  // The agent works. The next installation removes what this one fails to remove.
  const kept = { hash, node: node.path, keep: plan.keep };
  await cleanUp(layout, kept, supervisor.pathsOf(job.label)).catch(() => undefined);
  const outcome = isUnchanged ? 'unchanged' : isLoaded || previous !== undefined ? 'upgraded' : 'installed';
  return { outcome, facts, notes, isStopped: before.isStopped, keyFile };
}

function recordedOf({ sources, origins = {} }: Partial<Pick<InstallRecord, 'sources' | 'origins'>> = {}): string {
  return JSON.stringify([sources, origins]);
}

/** Locks the agent's folder, reads the state before, and writes the version's folder and the copy of Node. */
async function writeProgram(
  plan: Plan,
  options: MergedOptions,
  lock: LabelLock,
  { undo, detail, skip }: StepContext,
): Promise<Before> {
  const { job, layout, supervisor, hash, node } = plan;
  // Undone last, when the folder is empty.
  await takeFolder(plan, lock, undo);
  mustBeFree(plan, job.label);
  const [previous, status] = [readRecord(layout), await supervisor.status(job.label)];
  const misplacement = await supervisor.misplacement?.(job.label).catch(() => undefined);
  if (status.heldBy !== undefined) throw taken(status.heldBy);
  await makeFolder(layout.versions, undo);
  // The agent makes the cache once it has answered.
  if (previous === undefined) undo(() => removeTree(layout.cache));
  const copied = node.from !== undefined && (await copyNode(node.from, node.path, undo));
  const wrote = await writeVersion(layout.versions, hash, plan.files, undo);
  if (wrote || copied) detail(join(layout.versions, hash));
  else skip('already there');
  // Another installation may have made the key while this one waited for the lock.
  checkKeyFile(options);
  const isHeldBack = isStopped(layout) && !status.listening;
  return { previous, status, misplacement, isStopped: isHeldBack, keyFile: missingKeyFile(options) };
}

/** Writes the key, the log, the record and the supervisor's files, and makes the version the current one. */
async function writeInstallation(
  plan: Plan,
  { previous, keyFile, isStopped: isHeldBack }: Before,
  { isLoaded, files, isUnchanged }: Changes,
  recordText: RecordText,
  { undo, detail, skip }: StepContext,
): Promise<void> {
  const { layout, hash, supervisor, job } = plan;
  // Undone when the files have been restored. Of a stopped agent, start() loads them.
  if (!isHeldBack) undo(() => (isLoaded ? restoreJob(plan, previous, files) : supervisor.forget(job.label)));
  if (keyFile !== undefined) await makeKeyFile(keyFile, undo);
  const wrote = await writeFiles(plan, { previous, record: (made) => recordText(!isUnchanged, made) }, undo);
  if (await pointTo(layout.current, join(layout.versions, hash), undo)) wrote.push(layout.current);
  if (wrote.length > 0) detail(wrote.join(', '));
  else skip('already up to date');
}

/** Has the supervisor load the restored files, and dismisses the process of the version that failed. */
async function restoreJob(
  { supervisor, job, layout, host }: Plan,
  previous: InstallRecord | undefined,
  changed: readonly string[],
): Promise<void> {
  await supervisor.load(previous === undefined ? job : jobOfRecord(previous, layout, host), changed);
  const dismissed = await supervisor.dismiss(job.label);
  if (dismissed === undefined) return;
  // Until it exits, it answers new connections with the version that failed.
  await waitForStatus(supervisor, job.label, ({ pid }) => pid !== dismissed, job.stopSeconds * 1000);
}
