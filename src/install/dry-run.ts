/** A dry run: lists the files and the commands of an installation, on any platform, and changes nothing. */
import { join } from 'node:path';
import { checksPath } from '../../description/checks-file.ts';
import { DESCRIPTION_FILE } from '../../description/description-file.ts';
import type { Command } from '../../job/supervisor.ts';
import { hostOf } from '../installed/host.ts';
import type { InstallOptions } from '../installed/install-options.ts';
import { mustBeFree } from '../installed/ownership.ts';
import { atOrigin, type Origins, withPackageOptions } from '../installed/package-options.ts';
import { linkTargetOf } from '../installed/read-optional.ts';
import { isStopped, stoppedNote } from '../installed/stop-marker.ts';
import { MODULE_FILE } from '../module/module-file.ts';
import { withAbsolutePaths } from './absolute-paths.ts';
import { exists, hasText } from './files.ts';
import { INSTALL_STEPS } from './install-steps.ts';
import { KEY_FILE_BYTES, keyFileNotes, missingKeyFile } from './key-file.ts';
import { planInstall } from './plan.ts';
import { createSteps } from './rollback.ts';
import { sizeOf } from './version-folder.ts';

export type DryRun = {
  label: string;
  supervisor: string;
  folder: string;
  /** Every file of the installation. The record and the module file have no size: it depends on the module's methods. */
  files: { path: string; bytes?: number; status: 'new' | 'changed' | 'there' }[];
  /** The texts of the supervisor's files. */
  texts: { path: string; text: string }[];
  /** Every command that changes the system, in order. */
  commands: Command[];
  notes: string[];
};

/** @throws the errors of install() that show without a change to the system */
export async function dryRun(given: InstallOptions): Promise<DryRun> {
  const steps = createSteps(INSTALL_STEPS);
  let origins: Origins = {};
  try {
    const { host, note } = userOf(given);
    const options = withPackageOptions(withAbsolutePaths({ ...given, host }));
    origins = options.origins;
    const plan = await planInstall(options, steps, { dryRun: true });
    const { layout, supervisor, job, jobFiles, files, hash, node, notes } = plan;
    const keyFile = missingKeyFile(options);
    mustBeFree(plan, job.label);
    const version = join(layout.versions, hash);
    const isHeldBack = isStopped(layout);
    const changed = jobFiles.filter(({ path, text }) => !hasText(path, text)).map(({ path }) => path);
    const statusOf = async (path: string): Promise<'new' | 'changed' | 'there'> =>
      !(await exists(path)) ? 'new' : changed.includes(path) ? 'changed' : 'there';
    const list: [path: string, bytes?: number][] = [
      ...files.map((file): [string, number] => [join(version, file.path), sizeOf(file)]),
      ...(node.from === undefined ? [] : [[node.path, sizeOf({ source: node.from })] as [string, number]]),
      ...jobFiles.map(({ path, text }): [string, number] => [path, Buffer.byteLength(text)]),
      ...(job.logFile === undefined ? [] : [[job.logFile, 0] as [string, number]]),
      ...(keyFile === undefined ? [] : [[keyFile, KEY_FILE_BYTES] as [string, number]]),
      [join(version, MODULE_FILE)],
      [join(version, DESCRIPTION_FILE)],
      [checksPath(version)],
      [layout.record],
    ];
    return {
      label: job.label,
      supervisor: supervisor.name,
      folder: layout.folder,
      files: await Promise.all(
        list.map(async ([path, bytes]) => ({
          path,
          ...(bytes === undefined ? {} : { bytes }),
          status: await statusOf(path),
        })),
      ),
      texts: jobFiles.map(({ path, text }) => ({ path, text })),
      commands: [
        ...(linkTargetOf(layout.current) === version ? [] : [['ln', '-sfn', version, layout.current] as const]),
        ...(isHeldBack ? [] : supervisor.loading(job, changed)),
      ],
      notes: [
        ...(note === undefined ? [] : [note]),
        ...domainNotes(supervisor.name, plan.host.uid),
        ...notes,
        ...keyFileNotes(keyFile),
        ...(isHeldBack ? [stoppedNote(job.label)] : []),
      ],
    };
  } catch (error) {
    throw await steps.fail(atOrigin(error, origins));
  }
}

/** Which of the two domains there are is known on the Mac only. */
function domainNotes(supervisor: string, uid: number): string[] {
  if (supervisor !== 'launchd') return [];
  return [
    `The commands are those of a user who is logged in at the screen. Over ssh, the domain is user/${uid}, not gui/${uid}.`,
  ];
}

/** The id of the first user that macOS creates. */
const FIRST_USER = 501;

/** Agents of launchd belong to a user: for root, the user that called sudo, or the first one. */
function userOf({ supervisor, host: overrides }: InstallOptions): Pick<InstallOptions, 'host'> & { note?: string } {
  const { uid, platform, env } = hostOf(overrides);
  const isLaunchd = supervisor === 'launchd' || (supervisor === undefined && platform === 'darwin');
  if (!isLaunchd || uid !== 0) return { host: overrides };
  const user = Number(env.SUDO_UID) || FIRST_USER;
  const home = overrides?.home ?? join('/Users', env.SUDO_USER ?? 'NAME');
  const note = `An agent of launchd belongs to a user, and root is none: these are the commands of user ${user}, with the home folder ${home}.`;
  return { host: { ...overrides, uid: user, home }, note };
}
