/** What can be wrong with the Node and the program of an installed agent. */
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CHECK, PROGRAM } from '../../installed/runtime-files.ts';
import { exists, makePath } from '../files.ts';
import { chooseNode } from '../node-path.ts';
import { upgrade } from '../upgrade.ts';
import type { Diagnosis, Patient } from './finding.ts';

/** A Node that is gone, or goes when somebody tidies up. */
export function checkNode(patient: Patient): Diagnosis[] {
  const { label, record } = patient;
  const { path } = record.node;
  if (!isExecutable(path)) {
    const message = `the Node it was installed with is gone: ${path}`;
    return [{ id: 'node-gone', label, severity: 'problem', message, ...installingAgain(patient) }];
  }
  const note = noteOn(patient);
  if (note === undefined) return [];
  const hint = 'Install it again with --copy-node, or with a --node that stays.';
  return [{ id: 'node-versioned', label, severity: 'notice', message: note, hint }];
}

/** What an installer would say of that Node today. */
function noteOn({ record, layout, host }: Patient): string | undefined {
  const { path } = record.node;
  if (path.startsWith(`${layout.nodes}/`)) return undefined;
  try {
    return chooseNode(host, { node: path }).notes[0];
  } catch (error) {
    return (error as Error).message;
  }
}

export function checkProgram(patient: Patient): Diagnosis[] {
  const missing = missingOf(patient);
  if (missing.length === 0) return [];
  const message = `there is no ${missing.join(', ')}`;
  return [{ id: 'program-gone', label: patient.label, severity: 'problem', message, ...installingAgain(patient) }];
}

/** Of the files that no agent can do without. */
function missingOf({ layout, record }: Patient): string[] {
  return [PROGRAM, CHECK, record.entry, 'node_modules/koffi']
    .map((name) => join(layout.current, name))
    .filter((path) => !existsSync(path));
}

/** Installs it anew from its module, if that is still there. */
function installingAgain(patient: Patient): Pick<Diagnosis, 'fix' | 'hint'> {
  const { label, layout, record, host, supervisor } = patient;
  if (!existsSync(record.module)) {
    return { hint: `Its module is gone as well: ${record.module}. Install it from where it is now.` };
  }
  const fix = async (): Promise<void> => {
    const { node } = record.options;
    // The Node that runs this takes the place of one that was asked for and is gone.
    const isGone = typeof node === 'string' && !isExecutable(node);
    const again = async (): Promise<unknown> =>
      upgrade({ label, host, supervisor, isLocked: true, ...(isGone ? { node: undefined } : {}) });
    // A version that is there is taken for whole.
    if (missingOf(patient).length === 0) await again();
    else await without([layout.current, join(layout.versions, record.hash)], layout.versions, again);
  };
  return { fix };
}

/**
 * Puts these where the next installation removes what is left over, and back when the action fails: what little is left
 * of an agent is more than nothing.
 */
async function without(paths: readonly string[], folder: string, action: () => Promise<unknown>): Promise<void> {
  await makePath(folder);
  const parked = await mkdtemp(join(folder, '.aside-'));
  const moved: (readonly [from: string, to: string])[] = [];
  try {
    for (const from of paths) {
      if (!(await exists(from))) continue;
      const to = join(parked, basename(from));
      await rename(from, to);
      moved.push([from, to]);
    }
    await action();
  } catch (error) {
    for (const [from, to] of moved) await rename(to, from);
    throw error;
  } finally {
    await rm(parked, { recursive: true, force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(realpathSync(path), constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
