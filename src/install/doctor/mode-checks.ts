/** What others could read or write of an installed agent. */
import { chmodSync, type Stats, statSync } from 'node:fs';
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
  const at = job.command.indexOf('--authkey-file');
  const authkeyFile = at < 0 ? undefined : job.command[at + 1];
  const secret = [layout.record, ...(job.logFile === undefined ? [] : [layout.logs, job.logFile]), authkeyFile];
  return [
    ...Object.values(layout.sockets).map((path): [string, number] => [path, 0o177]),
    ...[layout.folder, ...supervisor.pathsOf(label)].map((path): [string, number] => [path, 0o022]),
    ...secret.filter((path) => path !== undefined).map((path): [string, number] => [path, 0o077]),
  ];
}

/** Not /dev/null, which a unit that is masked leads to and which is everybody's. */
function isOwn(stats: Stats): boolean {
  return stats.isFile() || stats.isDirectory() || stats.isSocket();
}
