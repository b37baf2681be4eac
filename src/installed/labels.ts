/** The labels of installed agents. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Host, hostOf } from './host.ts';
import { layoutOf, parentOf, RECORD } from './layout.ts';
import type { HostOptions } from './place.ts';
import { readRecord } from './record.ts';

/** The labels of all installed agents, in alphabetical order. */
export function installedLabels(overrides: Partial<Host> = {}): string[] {
  const host = hostOf(overrides);
  const parent = parentOf(host);
  return namesIn(parent)
    .filter((name) => namesIn(join(parent, name)).includes(RECORD) && isInstalled(name, host))
    .sort();
}

/**
 * The label of an installed agent: the target itself, or the label whose socket has that path.
 * @param target a label, or the path of a socket.
 * @returns undefined for the socket of an agent that is not installed.
 */
export function labelOfTarget(target: string, { host: overrides }: HostOptions = {}): string | undefined {
  if (!target.includes('/')) return target;
  const host = hostOf(overrides);
  const path = resolve(target);
  return installedLabels(host).find((label) => layoutOf(label, host).sockets.agent === path);
}

function isInstalled(label: string, host: Host): boolean {
  try {
    return readRecord(layoutOf(label, host)) !== undefined;
  } catch {
    // The folder's name is not a label.
    return false;
  }
}

/** Empty if the folder is missing or unreadable, or is not a folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
