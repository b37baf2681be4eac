/** The plan of an installation: everything that it writes, determined without a change to the system. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../../job/job.ts';
import type { JobFile, Supervisor } from '../../job/supervisor.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { BundleFile } from '../bundle/bundle-file.ts';
import { type SourceState, sourceStates } from '../installed/changed-sources.ts';
import type { InstallOptions } from '../installed/install-options.ts';
import { jobOf, searchPathOf } from '../installed/job-options.ts';
import type { MergedOptions } from '../installed/package-options.ts';
import { type Place, placeOf } from '../installed/place.ts';
import type { InstallRecord } from '../installed/record.ts';
import { PROGRAM, runtimeFiles } from '../installed/runtime-files.ts';
import { INSTALL_TABLE } from '../options/install-table.ts';
import { defaultsOf } from '../options/parse-options.ts';
import { parseValue } from '../options/parse-value.ts';
import { packageVersion } from '../version.ts';
import type { InstallStep } from './install-steps.ts';
import { checkKeyFile } from './key-file.ts';
import { workingFolderNote } from './left-behind.ts';
import { mustRunOnNats, natsLibraryFiles } from './nats-library.ts';
import { copyPathOf, versionOf } from './node-copy.ts';
import { chooseNode } from './node-path.ts';
import type { Steps } from './rollback.ts';
import { hashOf } from './version-folder.ts';

export type Plan = Place &
  VersionPlan & {
    job: Job;
    /** The files of the supervisor. */
    jobFiles: JobFile[];
    node: NodePlan;
    searchPath: string;
    /** How many versions are kept, with the current one. */
    keep: number;
    /** The record of the kept version that a rollback returns to. Undefined for an installation. */
    returnsTo?: InstallRecord;
    /** Notes for the user, as sentences. */
    notes: string[];
  };

/** One version of program and module. */
export type VersionPlan = {
  files: BundleFile[];
  /** The name of the version's folder. */
  hash: string;
  /** Path of the module's bundle, relative to the version's folder. */
  entry: string;
  /** The folders of the sources, the widest first. */
  sourceFolders: readonly string[];
  /** Undefined for a kept version of an earlier launchpool. */
  sources: readonly SourceState[] | undefined;
  /** The version of launchpool whose program it has. */
  launchpool: string;
};

export type NodePlan = {
  /** The path that the supervisor starts. */
  path: string;
  version: string;
  /** The Node to copy to that path; undefined if it is not copied. */
  from: string | undefined;
};

/** stdout of services under journald: systemd-journald.service(8). */
const JOURNAL = '/run/systemd/journal/stdout';

/**
 * @param options with absolute paths, and with those of the package.json.
 * @param dryRun whether to plan without reaching the supervisor, on any platform.
 */
export async function planInstall(
  options: MergedOptions,
  steps: Steps<InstallStep>,
  { dryRun = false } = {},
): Promise<Plan> {
  const place = await steps.run('check', async ({ detail }) => {
    const found = placeOf(options);
    if (!dryRun) await found.supervisor.check();
    mustRunOnNats(options, found.supervisor.name);
    detail(found.supervisor.name);
    return found;
  });
  const notes: string[] = [];
  const node = await planNode(place, options, steps, notes);
  const version = await planVersion(place, options, steps, notes);
  checkKeyFile(options);
  const keep = keepOf(options);
  const searchPath = searchPathOf(place.host);
  const job = planJob(place, options, { node, entry: version.entry, searchPath });
  return { ...place, ...version, job, jobFiles: place.supervisor.filesOf(job), node, searchPath, keep, notes };
}

function planNode(
  { host, layout }: Place,
  options: InstallOptions,
  steps: Steps<InstallStep>,
  notes: string[],
): Promise<NodePlan> {
  return steps.run('node', async ({ detail }) => {
    const { path, mustCopy, notes: nodeNotes } = chooseNode(host, options);
    notes.push(...nodeNotes);
    const version = await versionOf(path);
    detail(`${version}${mustCopy ? ', copied' : ''}`);
    return mustCopy
      ? { path: copyPathOf(layout.nodes, version), version, from: path }
      : { path, version, from: undefined };
  });
}

function planVersion(
  { host }: Place,
  { module, include, workingDirectory, section, nats, durable = false }: MergedOptions,
  steps: Steps<InstallStep>,
  notes: string[],
): Promise<VersionPlan> {
  return steps.run('bundle', async ({ detail }) => {
    // Loaded here: other commands need no bundler.
    const { bundleModule } = await import('../bundle/bundle.ts');
    const [bundle, runtime, library] = await Promise.all([
      bundleModule(module, { include }),
      runtimeFiles(nats !== undefined),
      nats === undefined ? [] : natsLibraryFiles(module, durable),
    ]);
    const sources = [...sourceStates(bundle.inputs), ...(section === undefined ? [] : [section])];
    notes.push(...bundle.warnings);
    if (workingDirectory === undefined)
      notes.push(...bundle.workingFolderPaths.map((path) => workingFolderNote(path, host.home)));
    const files = [...runtime, ...library, ...bundle.files];
    detail(`${files.length} files`);
    const hash = hashOf(files);
    const launchpool = packageVersion();
    return { files, hash, entry: bundle.entry, sourceFolders: bundle.folders, sources, launchpool };
  });
}

const { keep: KEEP } = defaultsOf(INSTALL_TABLE);

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID */
export function keepOf({ keep = KEEP }: Pick<InstallOptions, 'keep'>): number {
  return parseValue(INSTALL_TABLE.keep.value, String(keep), '--keep', 'See `launchpool help install`.');
}

function planJob(
  { host, layout, supervisor }: Place,
  options: InstallOptions,
  { node, entry, searchPath }: { node: NodePlan; entry: string; searchPath: string },
): Job {
  return jobOf(options, {
    label: options.label,
    home: host.home,
    node: node.path,
    program: join(layout.current, PROGRAM),
    module: join(layout.current, entry),
    cache: layout.cache,
    sockets: layout.sockets,
    logFile: logsToJournal(options, supervisor) ? undefined : layout.logFile,
    searchPath,
  });
}

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID for a journal that the system does not have */
function logsToJournal({ log }: InstallOptions, supervisor: Supervisor): boolean {
  if (log === 'journal' && supervisor.name === 'launchd') {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', '--log journal: macOS has no journal', {
      hint: 'Leave it out: the log is a file, which `launchpool logs` prints.',
    });
  }
  return log === undefined ? supervisor.name === 'systemd' && existsSync(JOURNAL) : log === 'journal';
}
