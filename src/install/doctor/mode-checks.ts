/** Checks the modes of an agent's files: other users must not read or write them. */
import { chmodSync, type Stats, statSync } from 'node:fs';
import { type Job, modeOf } from '../../../job/job.ts';
import { toPlain } from '../../../wire/errors.ts';
import { readAuthkey } from '../../agent/authkey-file.ts';
import { keptVersions, versionFileOf } from '../../installed/kept-versions.ts';
import type { Diagnosis, Installation } from './finding.ts';

export function checkModes(installation: Installation): Diagnosis[] {
  const { label } = installation;
  return limitsOf(installation).flatMap(([path, forbidden]): Diagnosis[] => {
    // The mode of a link's target: a link has no mode.
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !isOwn(stats) || (stats.mode & forbidden) === 0) return [];
    const mode = stats.mode & 0o777;
    const message = `${path} has mode 0${mode.toString(8)}, which gives other users access`;
    const fix = async (): Promise<void> => chmodSync(path, mode & ~forbidden);
    return [{ id: 'mode-too-wide', label, severity: 'problem', message, fix }];
  });
}

/** The paths of an agent's files, each with the mode bits that it must not have. */
function limitsOf({ label, layout, job, supervisor, record }: Installation): [path: string, forbidden: number][] {
  const authkeyFile = keyFileOf(job);
  const kept = keptVersions(layout, record.hash).map(({ record: { hash } }) => versionFileOf(layout, hash));
  const secret = [
    layout.record,
    ...kept,
    ...(job.logFile === undefined ? [] : [layout.logs, job.logFile]),
    authkeyFile,
  ];
  return [
    ...Object.values(layout.sockets).map((path): [string, number] => [path, 0o177]),
    [layout.folder, 0o022],
    ...supervisor.pathsOf(label).map((path): [string, number] => [path, 0o777 & ~(modeOf(job) | 0o700)]),
    ...secret.filter((path) => path !== undefined).map((path): [string, number] => [path, 0o077]),
  ];
}

function keyFileOf({ command }: Job): string | undefined {
  const at = command.indexOf('--authkey-file');
  return at < 0 ? undefined : command[at + 1];
}

/** Checks that the key can be read. checkModes() reports a key that other users can read. */
export function checkKey({ label, job }: Installation): Diagnosis[] {
  const path = keyFileOf(job);
  try {
    if (path !== undefined && !isOpenToOthers(path)) readAuthkey(path);
    return [];
  } catch (error) {
    const { message, hint = 'Install the agent again, with another key.' } = toPlain(error);
    return [{ id: 'options-invalid', label, severity: 'problem', message, hint }];
  }
}

function isOpenToOthers(path: string): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0;
}

/** False for /dev/null, the target of a masked unit, which all users can write to. */
function isOwn(stats: Stats): boolean {
  return stats.isFile() || stats.isDirectory() || stats.isSocket();
}
