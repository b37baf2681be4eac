/**
 * Many installed agents for the verbs that ask about them. One is installed by the product, with systemd as its
 * supervisor and the embedded holder in systemd's place. The others are its record and its units under other labels, as
 * the product writes them, with the version of the first. The holder holds all their sockets; none of them runs.
 */
import { mkdir, open, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Supervisor } from '../../job/supervisor.ts';
import { createEmbedded, type Embedded } from '../../src/holder/embedded.ts';
import { jobOfRecord } from '../../src/installed/job-of-record.ts';
import { layoutOf } from '../../src/installed/layout.ts';
import { createSystemd } from '../../systemd/supervisor.ts';
import { type InstalledAgent, type InstallPlace, installAgent, makePlace } from './install-agent.ts';
import { placeSystemctl } from './systemctl.ts';

export type InstalledAgents = {
  labels: readonly string[];
  /** The environment of a program that asks about them. */
  env: NodeJS.ProcessEnv;
  close(): Promise<void>;
};

export type AgentsOptions = {
  count: number;
  /** The compiled load generator. */
  generatorPath: string;
  /** A short path: sockets stand below it. */
  folder: string;
};

const MODULE = join(import.meta.dirname, '..', 'handlers', 'raw', 'rot13.ts');

export async function installAgents({ count, generatorPath, folder }: AgentsOptions): Promise<InstalledAgents> {
  const place = await makePlace(folder);
  const { host, runtime } = place;
  const path = await placeSystemctl(generatorPath, folder);
  const systemd = createSystemd({ ...host, run: async () => ({ status: 127, stdout: '', stderr: '' }) });
  const first = await installAgent(place, { label: labelOf(0), module: MODULE }, (holder) => heldBy(holder, systemd));
  const holder = createEmbedded();
  try {
    const agents = [first];
    for (let index = 1; index < count; index += 1) agents.push(await copyAs(labelOf(index), first, place, systemd));
    for (const { job } of agents) await holder.load(job, []);
    const env = {
      ...process.env,
      HOME: host.home,
      XDG_RUNTIME_DIR: runtime,
      PATH: path,
      XDG_CONFIG_HOME: '',
      XDG_DATA_HOME: '',
    };
    return { labels: agents.map(({ label }) => label), env, close: () => holder.close() };
  } catch (error) {
    await holder.close();
    throw error;
  }
}

function labelOf(index: number): string {
  return `bench.agent${String(index).padStart(4, '0')}`;
}

/** systemd's files, and the holder's processes. */
function heldBy(holder: Embedded, systemd: Supervisor): Supervisor {
  const { load, unload, dismiss, status, check, forget } = holder;
  return { ...systemd, load, unload, dismiss, status, check, forget };
}

async function copyAs(
  label: string,
  first: InstalledAgent,
  { host }: InstallPlace,
  systemd: Supervisor,
): Promise<InstalledAgent> {
  const layout = layoutOf(label, host);
  const { logFile } = first.record;
  const record = { ...first.record, label, ...(logFile === undefined ? {} : { logFile: layout.logFile }) };
  await mkdir(layout.versions, { recursive: true });
  await symlink(join(first.layout.versions, record.hash), join(layout.versions, record.hash));
  const current = await readlink(first.layout.current);
  await symlink(current.replace(first.layout.folder, layout.folder), layout.current);
  await writeFile(layout.record, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  if (record.logFile !== undefined) {
    await mkdir(layout.logs, { mode: 0o700 });
    await (await open(layout.logFile, 'a', 0o600)).close();
  }
  const job = jobOfRecord(record, layout, host);
  for (const { path, text, mode } of systemd.filesOf(job)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode });
  }
  return { label, layout, record, job };
}
