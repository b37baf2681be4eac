/** Makes a module an agent of launchd or systemd: one step after the other, or none of them. */
import { realpathSync } from 'node:fs';
import { chmod, open, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkModule, type ModuleFacts } from './check-module.ts';
import { exists, hasText, linkOf, makeFolder, pointTo, type Undo, writeText } from './files.ts';
import { jobOfRecord } from './job-of-record.ts';
import { copyNode } from './node-copy.ts';
import type { JobOptions } from './options.ts';
import { INSTALL_STEPS, type InstallOptions, type InstallStep, type Plan, planInstall } from './plan.ts';
import { prove } from './prove.ts';
import type { InstallRecord } from './record.ts';
import { CHECK } from './runtime-files.ts';
import { createSteps, type StepEvent, type Steps } from './steps.ts';
import { tidy } from './tidy.ts';
import { PACKAGE_VERSION } from './version.ts';
import { writeVersion } from './version-folder.ts';

/** Beyond the time in which the agent before it must have left. */
const START_MS = 30_000;

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
 * back as it was.
 * @throws with the code of what went wrong, or ERR_LAUNCHPOOL_INSTALL_FAILED; `data.step` names the step.
 */
export async function install(options: InstallOptions & { onStep?: (event: StepEvent) => void }): Promise<Installed> {
  const steps = createSteps(INSTALL_STEPS, options.onStep);
  try {
    const plan = await planInstall(options, steps);
    return await apply(plan, options, steps);
  } catch (error) {
    throw await steps.fail(error);
  }
}

async function apply(plan: Plan, options: InstallOptions, steps: Steps<InstallStep>): Promise<Installed> {
  const { job, layout, supervisor, previous, hash, node } = plan;
  const status = await supervisor.status(job.label);
  const changed = plan.jobFiles.filter(({ path, text }) => !hasText(path, text)).map(({ path }) => path);
  const version = join(layout.versions, hash);
  const isNew = linkOf(layout.current) !== version;
  const made: string[] = [];

  await steps.run('program', async ({ undo, say, skip }) => {
    // Undone last: when all that is in them has gone.
    for (const folder of [layout.folder, layout.versions]) made.push(...(await makeFolder(folder, undo)));
    // The agent makes it, when it has answered.
    if (previous === undefined) undo(() => rm(layout.cache, { recursive: true, force: true }));
    const copied = node.from !== undefined && (await copyNode(node.from, node.path, undo));
    const wrote = await writeVersion(layout.versions, hash, plan.files, undo);
    if (wrote || copied) say(version);
    else skip('is there');
  });
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
  const hasOtherOptions = JSON.stringify(previous?.options) !== JSON.stringify(optionsToKeep(options));
  const mustLoad = changed.length > 0 || hasOtherOptions || !status.listening;
  await steps.run('files', async ({ undo, say, skip }) => {
    // Undone when the files are as they were.
    undo(() => (previous === undefined ? supervisor.forget(job.label) : restore(plan, changed)));
    const wrote = await writeFiles(plan, facts, options, made, undo);
    if (wrote.length > 0) say(wrote.join(', '));
    else skip('are as they should be');
  });
  await steps.run('load', async ({ undo, skip }) => {
    // Of what was not there before, the supervisor lets go while it still has the files.
    if (previous === undefined) undo(() => supervisor.unload(job.label));
    if (mustLoad) await supervisor.load(job, changed);
    else skip('knows it');
  });
  const longestMs = job.stopSeconds * 1000 + START_MS;
  const isAsItWas = !mustLoad && !isNew;
  await steps.run('prove', async ({ say, skip }) => {
    if (isAsItWas) return skip('nothing has changed');
    // Whoever runs now, runs what was there before.
    const before = status.pid === undefined ? undefined : await supervisor.dismiss(job.label);
    const pid = await prove(layout.sockets, join(realpathSync(layout.versions), hash), longestMs, before);
    say(before === undefined ? `process ${pid}` : `process ${pid} after ${before}`);
  });
  if (!isAsItWas) await tidy(layout, hash, node.path);
  return {
    label: job.label,
    outcome: isAsItWas ? 'unchanged' : previous === undefined ? 'installed' : 'upgraded',
    supervisor: supervisor.name,
    kind: facts.kind,
    methods: facts.methods,
    socket: layout.sockets.agent,
    folder: layout.folder,
    node: node.path,
    notes: plan.notes,
  };
}

/** @returns the paths of those that had to be written. */
async function writeFiles(
  plan: Plan,
  facts: ModuleFacts,
  options: InstallOptions,
  made: string[],
  undo: Undo,
): Promise<string[]> {
  const { layout, job, previous, hash } = plan;
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
  if (previous !== undefined && previous.hash !== hash) await rm(layout.cache, { recursive: true, force: true });
  for (const { path, text, mode } of plan.jobFiles) {
    made.push(...(await makeFolder(dirname(path), undo)));
    if (await writeText(path, text, mode, undo)) wrote.push(path);
  }
  const outside = made.filter((folder) => !`${folder}/`.startsWith(`${layout.folder}/`));
  const record: InstallRecord = {
    format: 1,
    version: PACKAGE_VERSION,
    label: job.label,
    supervisor: plan.supervisor.name,
    module: resolve(options.module),
    kind: facts.kind,
    methods: facts.methods,
    hash,
    entry: plan.entry,
    node: { path: plan.node.path, version: plan.node.version },
    logFile: job.logFile,
    options: optionsToKeep(options),
    madeFolders: [...new Set([...(previous?.madeFolders ?? []), ...outside])],
  };
  if (await writeText(layout.record, `${JSON.stringify(record, null, 2)}\n`, 0o600, undo)) wrote.push(layout.record);
  if (await pointTo(layout.current, join(layout.versions, hash), undo)) wrote.push(layout.current);
  return wrote;
}

export type KeptOptions = JobOptions & Pick<InstallOptions, 'node' | 'copyNode' | 'log'>;

function optionsToKeep({
  agent,
  env,
  workingDirectory,
  tcp,
  processType,
  bundleIdentifiers,
  ...rest
}: InstallOptions): KeptOptions {
  const { node, copyNode, log } = rest;
  // JSON leaves out what is undefined.
  return { agent, env, workingDirectory, tcp, processType, bundleIdentifiers, node, copyNode, log } as KeptOptions;
}

/** Called when the files are as they were before: has the supervisor see them so, and what runs go. */
async function restore(
  { supervisor, job, layout, surroundings, previous }: Plan,
  changed: readonly string[],
): Promise<void> {
  const before = previous === undefined ? job : jobOfRecord(previous, layout, surroundings);
  await supervisor.load(before, changed);
  await supervisor.dismiss(job.label);
}
