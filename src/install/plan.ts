/** What an installation would come to, before anything is changed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../../job/job.ts';
import type { JobFile, Supervisor } from '../../job/supervisor.ts';
import type { BundleFile } from '../bundle/bundle-file.ts';
import { type Host, hostOf } from '../installed/host.ts';
import { type JobOptions, jobOf } from '../installed/job-options.ts';
import { type Layout, layoutOf } from '../installed/layout.ts';
import { pickSupervisor } from '../installed/pick-supervisor.ts';
import { PROGRAM, runtimeFiles } from '../installed/runtime-files.ts';
import { checkKeyFile } from './key-file.ts';
import { copyPathOf, versionOf } from './node-copy.ts';
import { chooseNode } from './node-path.ts';
import type { Steps } from './steps.ts';
import { hashOf } from './version-folder.ts';

export type InstallOptions = JobOptions & {
  /** Path of the agent's module. */
  module: string;
  /** A name such as `com.example.rot13`. */
  label: string;
  /** The Node to be recorded. @default the one that runs this */
  node?: string | undefined;
  /** Whether that Node is copied. @default only where it would not stay */
  copyNode?: boolean | undefined;
  /** Where the agent's log goes. @default to the journal, where there is one */
  log?: 'journal' | 'file' | undefined;
  /** @default that of this platform */
  supervisor?: 'launchd' | 'systemd' | Supervisor | undefined;
  /** What is there around it. @default this process's */
  host?: Partial<Host> | undefined;
};

export type Place = { host: Host; supervisor: Supervisor; layout: Layout };

export type Plan = Place & {
  job: Job;
  /** What tells the supervisor of it. */
  jobFiles: JobFile[];
  /** Of the version: program and module. */
  files: BundleFile[];
  hash: string;
  /** Of the module, in the version. */
  entry: string;
  /** `from` is what is to be copied, if anything. */
  node: { path: string; version: string; from: string | undefined };
  notes: string[];
};

/** What an installation consists of, in this order. */
export const INSTALL_STEPS = {
  check: 'Find the supervisor',
  node: 'Choose a Node that stays',
  bundle: 'Bundle the module',
  program: 'Put it in its folder',
  module: 'Load the module, to see whether it can be',
  files: 'Write what the supervisor reads',
  load: 'Have the supervisor hold the sockets',
  verify: 'Start it, and ask it',
} as const;

export type InstallStep = keyof typeof INSTALL_STEPS;

/** Where journald takes what services say: systemd-journald.service(8). */
const JOURNAL = '/run/systemd/journal/stdout';

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE */
export function placeOf({
  label,
  supervisor,
  host: given,
}: Pick<InstallOptions, 'label' | 'supervisor' | 'host'>): Place {
  const platform = typeof supervisor === 'string' ? { platform: PLATFORM[supervisor] } : {};
  const host = hostOf({ ...given, ...platform });
  const picked = typeof supervisor === 'object' ? supervisor : pickSupervisor(host);
  return { host, supervisor: picked, layout: layoutOf(label, host) };
}

const PLATFORM = { launchd: 'darwin', systemd: 'linux' } as const;

/**
 * Changes nothing.
 * @param options with paths that are absolute: absolute-paths.ts.
 */
export async function planInstall(
  options: InstallOptions,
  steps: Steps<InstallStep>,
  { dryRun = false } = {},
): Promise<Plan> {
  const notes: string[] = [];
  const place = await steps.run('check', async ({ say }) => {
    const found = placeOf(options);
    // What it would be like can be seen on any system.
    if (!dryRun) await found.supervisor.check();
    say(found.supervisor.name);
    return found;
  });
  const { layout, supervisor, host } = place;
  const node = await steps.run('node', async ({ say }) => {
    const { path, mustCopy, notes: nodeNotes } = chooseNode(host, options);
    notes.push(...nodeNotes);
    const version = await versionOf(path);
    say(`${version}${mustCopy ? ', copied' : ''}`);
    return mustCopy
      ? { path: copyPathOf(layout.nodes, version), version, from: path }
      : { path, version, from: undefined };
  });
  const { files, hash, entry } = await steps.run('bundle', async ({ say }) => {
    // Who only asks for a status has no use for a bundler.
    const { bundleModule } = await import('../bundle/bundle.ts');
    const [bundle, runtime] = await Promise.all([bundleModule(options.module), runtimeFiles()]);
    notes.push(...bundle.warnings);
    const all = [...runtime, ...bundle.files];
    say(`${all.length} files`);
    return { files: all, hash: hashOf(all), entry: bundle.entry };
  });
  checkKeyFile(options);
  const toJournal =
    options.log === undefined ? supervisor.name === 'systemd' && existsSync(JOURNAL) : options.log === 'journal';
  const job = jobOf(options, {
    label: options.label,
    home: host.home,
    node: node.path,
    program: join(layout.current, PROGRAM),
    module: join(layout.current, entry),
    cache: layout.cache,
    sockets: layout.sockets,
    logFile: toJournal ? undefined : layout.logFile,
  });
  return {
    ...place,
    job,
    jobFiles: supervisor.filesOf(job),
    files,
    hash,
    entry,
    node,
    notes,
  };
}
