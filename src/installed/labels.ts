/** The installed agents, and their labels. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Host, hostOf } from './host.ts';
import { type Layout, layoutOf, parentOf, RECORD } from './layout.ts';
import type { HostOptions } from './place.ts';
import { type InstallRecord, readRecord } from './record.ts';

/** An installed agent: its label, and what was read to know that it is installed. */
export type InstalledAgent = { label: string; layout: Layout; record: InstallRecord };

/** The labels of all installed agents, in alphabetical order. */
export function installedLabels(overrides: Partial<Host> = {}): string[] {
  return installedAgents(overrides).map(({ label }) => label);
}

/** All installed agents, in the order of their labels. */
export function installedAgents(overrides: Partial<Host> = {}): InstalledAgent[] {
  const host = hostOf(overrides);
  const parent = parentOf(host);
  return namesIn(parent)
    .filter((name) => namesIn(join(parent, name)).includes(RECORD))
    .sort()
    .map((name) => installedAgent(name, host))
    .filter((agent) => agent !== undefined);
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

function installedAgent(label: string, host: Host): InstalledAgent | undefined {
  try {
    const layout = layoutOf(label, host);
    const record = readRecord(layout);
    return record === undefined ? undefined : { label, layout, record };
  } catch {
    // The folder's name is not a label.
    return undefined;
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
