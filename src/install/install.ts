/** Makes a module an agent of launchd or systemd: one step after the other, or none of them. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { ModuleFacts } from '../../workers/task.ts';
import { statusBecomes } from '../control/wait-for-status.ts';
import { jobOfRecord } from '../installed/job-of-record.ts';
import { mustNotBeTaken, taken } from '../installed/ownership.ts';
import { type InstallRecord, readRecord } from '../installed/record.ts';
import { CHECK } from '../installed/runtime-files.ts';
import { withAbsolutePaths } from './absolute-paths.ts';
import { checkModule } from './check-module.ts';
import { cleanUp } from './cleanup.ts';
import { hasText, linkOf, makeFolder, pointTo, removeTree, writeText } from './files.ts';
import { checkKeyFile, keyFileNotes, makeKeyFile, missingKeyFile } from './key-file.ts';
import { lockFolder, type Unlock } from './lock.ts';
import { copyNode } from './node-copy.ts';
import { INSTALL_STEPS, type InstallOptions, type InstallStep, type Plan, planInstall } from './plan.ts';
import { createSteps, type StepEvent, type Steps } from './steps.ts';
import { checkPort } from './tcp-port.ts';
import { verify } from './verify.ts';
import { writeVersion } from './version-folder.ts';
import { recordTextOf, retainedOptions, writeFiles } from './write-files.ts';

/** An agent that has not started by then is not going to; beyond the time in which the one before it must have left. */
export const START_MS = 30_000;

export type Installation = InstallOptions & {
  onStep?: (event: StepEvent) => void;
  /** Whether the caller has the lock of the agent's folder: lock.ts. @default false */
  isLocked?: boolean;
};

export type Installed = {
  label: string;
  outcome: 'installed' | 'upgraded' | 'unchanged';
  supervisor: InstallRecord['supervisor'];
  kind: ModuleFacts['kind'];
  methods: readonly string[];
  /** Where its users connect. */
  socket: string;
  folder: string;
  node: string;
  /** What the user should know, as sentences. */
  notes: readonly string[];
};

/**
 * Installs an agent, or brings the one of that label up to date: what runs finishes what it has begun, what connects
 * meanwhile waits for the new one. Nothing is done about what is as it should be. When a step fails, everything is put
 * back as it was, but that a label which was switched off stays switched on. Of two installations of one label, the
 * second waits for the first.
 * @throws with the code of what went wrong, or ERR_LAUNCHPOOL_INSTALL_FAILED; `data.step` names the step.
 */
export async function install({ isLocked = false, onStep, ...options }: Installation): Promise<Installed> {
  const steps = createSteps(INSTALL_STEPS, onStep);
  const lock: Lock = { isLocked };
  try {
    const absolute = withAbsolutePaths(options);
    const plan = await planInstall(absolute, steps);
    return await apply(plan, absolute, steps, lock);
  } catch (error) {
    throw await steps.fail(error);
  } finally {
    lock.unlock?.();
  }
}

type Lock = { isLocked: boolean; unlock?: Unlock };

/** @param lock is given what ends it, when it is there: after all has been undone, if need be. */
async function apply(plan: Plan, options: InstallOptions, steps: Steps<InstallStep>, lock: Lock): Promise<Installed> {
  const { job, layout, supervisor, hash, node } = plan;
  const version = join(layout.versions, hash);
  const made: string[] = [];

  const { previous, status, keyFile } = await steps.run('program', async ({ undo, say, skip }) => {
    // Undone last: when all that is in them has gone.
    const make = async (): Promise<void> => void made.push(...(await makeFolder(layout.folder, undo)));
    if (lock.isLocked) await make();
    else lock.unlock = await lockFolder(layout.folder, { make });
    mustNotBeTaken(plan, job.label);
    const [found, known] = [readRecord(layout), await supervisor.status(job.label)];
    if (known.heldBy !== undefined) throw taken(known.heldBy);
    made.push(...(await makeFolder(layout.versions, undo)));
    // The agent makes it, when it has answered.
    if (found === undefined) undo(() => removeTree(layout.cache));
    const copied = node.from !== undefined && (await copyNode(node.from, node.path, undo));
    const wrote = await writeVersion(layout.versions, hash, plan.files, undo);
    if (wrote || copied) say(version);
    else skip('is there');
    // Of two who install at the same time, the first has made it.
    checkKeyFile(options);
    return { previous: found, status: known, keyFile: missingKeyFile(options) };
  });
  // What was cut short may have left files that the supervisor has not read, and the process before.
  const wasCutShort = previous?.isUnderWay === true;
  // One that has failed is to be had again as well.
  const isLoaded = status.listening || status.state === 'failed';
  const changed = plan.jobFiles.filter(({ path, text }) => wasCutShort || !hasText(path, text)).map(({ path }) => path);
  const isNew = wasCutShort || linkOf(layout.current) !== version;
  const facts = await steps.run('module', async ({ say, skip }) => {
    if (previous?.hash === hash && !isNew) {
      skip('did it before');
      return previous;
    }
    const [program, module] = [join(version, CHECK), join(version, plan.entry)];
    const found = await checkModule({ node: node.path, program, module, env: job.env });
    say(found.kind === 'raw' ? 'a raw agent' : `methods: ${found.methods.join(', ')}`);
    return found;
  });
  // Not every supervisor has files in which a difference would show.
  const isSameJob =
    JSON.stringify(previous?.options) === JSON.stringify(retainedOptions(options)) &&
    previous?.entry === plan.entry &&
    previous.node.path === node.path &&
    previous.logFile === job.logFile &&
    keyFile === undefined;
  const mustLoad = changed.length > 0 || !isSameJob || !status.listening;
  const isAsItWas = !mustLoad && !isNew;
  const record = (isUnderWay: boolean): string => recordTextOf({ plan, facts, options, previous, made, isUnderWay });
  await steps.run('files', async ({ undo, say, skip }) => {
    // Undone when the files are as they were.
    undo(() => (isLoaded ? restore(plan, previous, changed) : supervisor.forget(job.label)));
    if (keyFile !== undefined) await makeKeyFile(keyFile, undo);
    const wrote = await writeFiles(plan, { previous, made, record: () => record(!isAsItWas) }, undo);
    if (await pointTo(layout.current, version, undo)) wrote.push(layout.current);
    if (wrote.length > 0) say(wrote.join(', '));
    else skip('are as they should be');
  });
  await steps.run('load', async ({ undo, skip }) => {
    // What is held already, is held by the one before.
    const isHeld = status.listening && previous?.options.tcp === options.tcp;
    if (job.tcp !== undefined && !isHeld) await checkPort(job.tcp);
    // Of what was not there before, the supervisor lets go while it still has the files.
    if (!isLoaded) undo(() => supervisor.unload(job.label));
    if (mustLoad) await supervisor.load(job, changed);
    else skip('knows it');
  });
  const timeoutMs = job.stopSeconds * 1000 + START_MS;
  await steps.run('verify', async ({ undo, say, skip }) => {
    if (isAsItWas) return skip('nothing has changed');
    // Whoever runs now may run what was there before, also if nobody did when this began.
    const dismiss = (): Promise<number | undefined> => supervisor.dismiss(job.label);
    const before = await dismiss();
    const folder = join(realpathSync(layout.versions), hash);
    const pid = await verify({ sockets: layout.sockets, tcp: job.tcp, folder, timeoutMs, before, dismiss });
    await writeText(layout.record, record(false), 0o600, undo);
    say(before === undefined ? `process ${pid}` : `process ${pid} after ${before}`);
  });
  // The agent works; what cannot be removed now is removed next time.
  await cleanUp(layout, hash, node.path).catch(() => undefined);
  return {
    label: job.label,
    outcome: isAsItWas ? 'unchanged' : isLoaded || previous !== undefined ? 'upgraded' : 'installed',
    supervisor: supervisor.name,
    kind: facts.kind,
    methods: facts.methods,
    socket: layout.sockets.agent,
    folder: layout.folder,
    node: node.path,
    notes: [...plan.notes, ...keyFileNotes(keyFile)],
  };
}

/** Called when the files are as they were before: has the supervisor see them so, and what runs go. */
async function restore(
  { supervisor, job, layout, host }: Plan,
  previous: InstallRecord | undefined,
  changed: readonly string[],
): Promise<void> {
  const before = previous === undefined ? job : jobOfRecord(previous, layout, host);
  await supervisor.load(before, changed);
  const dismissed = await supervisor.dismiss(job.label);
  if (dismissed === undefined) return;
  // Until it has heard of it, it answers whoever connects, with what could not be installed.
  await statusBecomes(supervisor, job.label, ({ pid }) => pid !== dismissed, job.stopSeconds * 1000);
}
