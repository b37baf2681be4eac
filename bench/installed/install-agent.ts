/**
 * Installs a module as `launchpool install` does: bundled, checked, and started once. The embedded holder takes the place
 * of launchd or systemd, and the home folder is a temporary one.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../job/job.ts';
import type { Supervisor } from '../../job/supervisor.ts';
import { createEmbedded, type Embedded } from '../../src/holder/embedded.ts';
import { install } from '../../src/install/install.ts';
import { type Host, hostOf } from '../../src/installed/host.ts';
import type { InstallOptions } from '../../src/installed/install-options.ts';
import { jobOfRecord } from '../../src/installed/job-of-record.ts';
import { type Layout, layoutOf } from '../../src/installed/layout.ts';
import { type InstallRecord, mustBeInstalled } from '../../src/installed/record.ts';
import { lastingNode } from '../../test/helpers/lasting-node.ts';

export type InstallPlace = { host: Host; runtime: string };

export type InstalledAgent = { label: string; layout: Layout; record: InstallRecord; job: Job };

/** A temporary home folder, with the folder of the session's sockets. */
export async function makePlace(folder: string): Promise<InstallPlace> {
  const [home, runtime] = [join(folder, 'h'), join(folder, 'r')];
  await Promise.all([mkdir(home, { recursive: true }), mkdir(runtime, { recursive: true, mode: 0o700 })]);
  return { runtime, host: hostOf({ platform: 'linux', home, env: { XDG_RUNTIME_DIR: runtime } }) };
}

/** @param supervisorOf makes the supervisor that is installed for, on the holder that starts the agent. */
export async function installAgent(
  { host }: InstallPlace,
  { label, module, agent }: Pick<InstallOptions, 'label' | 'module' | 'agent'>,
  supervisorOf: (holder: Embedded) => Supervisor = (holder) => holder,
): Promise<InstalledAgent> {
  const holder = createEmbedded();
  try {
    const supervisor = supervisorOf(holder);
    await install({ label, module, agent, supervisor, host, node: lastingNode() });
    const layout = layoutOf(label, host);
    const record = mustBeInstalled(label, host);
    return { label, layout, record, job: jobOfRecord(record, layout, host) };
  } finally {
    await holder.close();
  }
}
