/** What can be wrong with the files of an installed agent. */
import { accessSync, chmodSync, constants, existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { writeText } from '../files.ts';
import { chooseNode } from '../node-path.ts';
import { PROGRAM } from '../runtime-files.ts';
import { upgrade } from '../upgrade.ts';
import type { Diagnosis, Patient } from './finding.ts';

/** A Node that is gone, or goes when somebody tidies up. */
export function checkNode(patient: Patient): Diagnosis[] {
  const { label, record, surroundings } = patient;
  const { path } = record.node;
  if (!isExecutable(path)) {
    const message = `the Node it was installed with is gone: ${path}`;
    return [{ id: 'node-gone', label, severity: 'problem', message, fix: () => again(patient, { withoutNode: true }) }];
  }
  const [note] = path.startsWith(`${patient.layout.nodes}/`) ? [] : chooseNode(surroundings, { node: path }).notes;
  if (note === undefined) return [];
  const hint = 'Install it again with --copy-node, or with a --node that stays.';
  return [{ id: 'node-versioned', label, severity: 'notice', message: note, hint }];
}

export function checkProgram(patient: Patient): Diagnosis[] {
  const { label, layout, record } = patient;
  const missing = [PROGRAM, record.entry].map((name) => join(layout.current, name)).filter((path) => !existsSync(path));
  if (missing.length === 0) return [];
  const diagnosis: Diagnosis = {
    id: 'program-gone',
    label,
    severity: 'problem',
    message: `there is no ${missing.join(', ')}`,
  };
  if (existsSync(record.module)) return [{ ...diagnosis, fix: () => again(patient) }];
  return [{ ...diagnosis, hint: `Its module is gone as well: ${record.module}. Install it from where it is now.` }];
}

/** The files of the supervisor, as they were written and as they are. */
export function checkSupervisorFiles(patient: Patient): Diagnosis[] {
  const { label, supervisor, job } = patient;
  return supervisor.filesOf(job).flatMap(({ path, text, mode }): Diagnosis[] => {
    const found = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    if (found === text) return [];
    const fix = async (): Promise<void> => {
      await writeText(path, text, mode, () => undefined);
      await supervisor.load(job, [path]);
    };
    const of = found === undefined ? undefined : labelOf(found);
    if (found !== undefined && of !== undefined && of !== label) {
      const message = `${path} is of the label ${of}, not of ${label}`;
      return [{ id: 'label-mismatch', label, severity: 'problem', message, fix }];
    }
    const message = found === undefined ? `there is no ${path}` : `${path} is not as it was written`;
    return [{ id: 'file-changed', label, severity: 'problem', message, fix }];
  });
}

/** The label in a plist; in a unit of a socket, the service that it starts. */
function labelOf(text: string): string | undefined {
  return /<key>Label<\/key>\s*<string>([^<]*)<\/string>/.exec(text)?.[1] ?? /^Service=(.*)\.service$/m.exec(text)?.[1];
}

/** What others could read or write that is not theirs. */
export function checkModes(patient: Patient): Diagnosis[] {
  const { label, layout, job, supervisor } = patient;
  const authkeyFile = job.command[job.command.indexOf('--authkey-file') + 1];
  const limits: [path: string, forbidden: number][] = [
    [layout.sockets.agent, 0o177],
    [layout.sockets.control, 0o177],
    [layout.folder, 0o022],
    [layout.record, 0o077],
    ...(job.logFile === undefined
      ? []
      : ([
          [layout.logs, 0o077],
          [job.logFile, 0o077],
        ] as [string, number][])),
    ...supervisor.pathsOf(label).map((path): [string, number] => [path, 0o022]),
    ...(job.command.includes('--authkey-file') ? [[authkeyFile ?? '', 0o077] as [string, number]] : []),
  ];
  return limits.flatMap(([path, forbidden]): Diagnosis[] => {
    const mode = lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & forbidden) === 0) return [];
    const message = `${path} has mode 0${(mode & 0o777).toString(8)}, which lets others in`;
    const fix = async (): Promise<void> => chmodSync(path, mode & 0o777 & ~forbidden);
    return [{ id: 'mode-too-wide', label, severity: 'problem', message, fix }];
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(realpathSync(path), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs it anew from its module, if that is still there; with the Node that runs this, if that was the fault. */
async function again({ label, surroundings, supervisor }: Patient, { withoutNode = false } = {}): Promise<void> {
  const overridden = withoutNode ? { node: undefined } : {};
  await upgrade({ label, surroundings, supervisor, ...overridden });
}
