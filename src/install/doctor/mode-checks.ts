/** What others could read or write of an installed agent. */
import { chmodSync, type Stats, statSync } from 'node:fs';
import type { Job } from '../../../job/job.ts';
import { toPlain } from '../../../wire/errors.ts';
import { readAuthkey } from '../../agent/authkey-file.ts';
import type { Diagnosis, Patient } from './finding.ts';

export function checkModes(patient: Patient): Diagnosis[] {
  const { label } = patient;
  return limitsOf(patient).flatMap(([path, forbidden]): Diagnosis[] => {
    // Of what a link leads to: a link itself has no mode.
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !isOwn(stats) || (stats.mode & forbidden) === 0) return [];
    const mode = stats.mode & 0o777;
    const message = `${path} has mode 0${mode.toString(8)}, which lets others in`;
    const fix = async (): Promise<void> => chmodSync(path, mode & ~forbidden);
    return [{ id: 'mode-too-wide', label, severity: 'problem', message, fix }];
  });
}

function limitsOf({ label, layout, job, supervisor }: Patient): [path: string, forbidden: number][] {
  const authkeyFile = keyFileOf(job);
  const secret = [layout.record, ...(job.logFile === undefined ? [] : [layout.logs, job.logFile]), authkeyFile];
  return [
    ...Object.values(layout.sockets).map((path): [string, number] => [path, 0o177]),
    ...[layout.folder, ...supervisor.pathsOf(label)].map((path): [string, number] => [path, 0o022]),
    ...secret.filter((path) => path !== undefined).map((path): [string, number] => [path, 0o077]),
  ];
}

function keyFileOf({ command }: Job): string | undefined {
  const at = command.indexOf('--authkey-file');
  return at < 0 ? undefined : command[at + 1];
}

/** A key that cannot be read, by whatever is left of it when others have been shut out. */
export function checkKey({ label, job }: Patient): Diagnosis[] {
  const path = keyFileOf(job);
  try {
    if (path !== undefined && !isOpenToOthers(path)) readAuthkey(path);
    return [];
  } catch (error) {
    const { message, hint = 'Install it again, with another key.' } = toPlain(error);
    return [{ id: 'options-invalid', label, severity: 'problem', message, hint }];
  }
}

/** Which has been said. */
function isOpenToOthers(path: string): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0;
}

/** Not /dev/null, which a unit that is masked leads to and which is everybody's. */
function isOwn(stats: Stats): boolean {
  return stats.isFile() || stats.isDirectory() || stats.isSocket();
}
