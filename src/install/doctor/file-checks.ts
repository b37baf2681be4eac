/** Checks the Node and the program of an installed agent. */
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { changedSources, changeNote } from '../../installed/changed-sources.ts';
import { CHECK, PROGRAM } from '../../installed/runtime-files.ts';
import { hasModuleFile, MODULE_FILE, writeModuleFile } from '../../module/module-file.ts';
import { exists, makePath } from '../files.ts';
import { chooseNode } from '../node-path.ts';
import { upgrade } from '../upgrade.ts';
import type { Diagnosis, Installation } from './finding.ts';

/** Finds a Node that is missing, or that a version manager may remove. */
export function checkNode(installation: Installation): Diagnosis[] {
  const { label, record } = installation;
  const { path } = record.node;
  if (!isExecutable(path)) {
    const message = `the Node that runs the agent is missing or not executable: ${path}`;
    return [{ id: 'node-gone', label, severity: 'problem', message, ...reinstallFix(installation) }];
  }
  const note = nodeNote(installation);
  if (note === undefined) return [];
  const hint = 'Install the agent again with --copy-node, or choose another Node with --node.';
  return [{ id: 'node-versioned', label, severity: 'notice', message: note, hint }];
}

/** The note that an installation would give about that Node. */
function nodeNote({ record, layout, host }: Installation): string | undefined {
  const { path } = record.node;
  if (path.startsWith(`${layout.nodes}/`)) return undefined;
  try {
    return chooseNode(host, { node: path }).notes[0];
  } catch (error) {
    return (error as Error).message;
  }
}

export function checkProgram(installation: Installation): Diagnosis[] {
  const missing = missingFiles(installation);
  if (missing.length === 0) return [];
  const { label } = installation;
  const message = `missing: ${missing.join(', ')}`;
  return [{ id: 'program-gone', label, severity: 'problem', message, ...reinstallFix(installation) }];
}

/** The agent runs what it was installed from. */
export function checkSources({ label, record }: Installation): Diagnosis[] {
  const message = changeNote(label, changedSources(record.sources));
  return message === undefined ? [] : [{ id: 'source-changed', label, severity: 'notice', message }];
}

/** The record has what the file says. Without the file, the agent learns it from its first thread, which clients wait for. */
export function checkModuleFile({ label, layout, record }: Installation): Diagnosis[] {
  const version = join(layout.versions, record.hash);
  // checkProgram() reports a version without its module.
  if (!existsSync(join(version, record.entry)) || hasModuleFile(version, record.entry, record)) return [];
  const path = join(version, MODULE_FILE);
  const message = existsSync(path) ? `${path} has been changed` : `${path} is missing`;
  const fix = async (): Promise<void> => writeModuleFile(version, record.entry, record);
  return [{ id: 'file-changed', label, severity: 'problem', message, fix }];
}

/** The missing ones of the files that every agent needs. */
function missingFiles({ layout, record }: Installation): string[] {
  return [PROGRAM, CHECK, record.entry, 'node_modules/koffi']
    .map((name) => join(layout.current, name))
    .filter((path) => !existsSync(path));
}

/** Installs the agent again from its module; a hint if the module is missing. */
function reinstallFix(installation: Installation): Pick<Diagnosis, 'fix' | 'hint'> {
  const { label, layout, record, host, supervisor } = installation;
  if (!existsSync(record.module)) {
    return { hint: `The module is missing too: ${record.module}. Install the agent from the module's new path.` };
  }
  const fix = async (): Promise<void> => {
    const { node } = record.options;
    // This process's Node replaces a Node of the options that is missing.
    const isMissing = typeof node === 'string' && !isExecutable(node);
    const reinstall = async (): Promise<unknown> =>
      upgrade({ label, host, supervisor, isLocked: true, ...(isMissing ? { node: undefined } : {}) });
    // An installation assumes that an existing version is complete.
    if (missingFiles(installation).length === 0) await reinstall();
    else await withParked([layout.current, join(layout.versions, record.hash)], layout.versions, reinstall);
  };
  return { fix };
}

/**
 * Moves the paths away while the action runs, and back if it fails: an incomplete agent is better than none. They go to a
 * folder that the next installation removes.
 */
async function withParked(paths: readonly string[], folder: string, action: () => Promise<unknown>): Promise<void> {
  await makePath(folder);
  const parked = await mkdtemp(join(folder, '.parked-'));
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
