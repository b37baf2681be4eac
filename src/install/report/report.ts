/**
 * A report on a machine, for people who cannot see it: versions, domains, and what a test agent went through. Without names
 * and paths of the user.
 */
import { randomBytes } from 'node:crypto';
import { release, tmpdir, userInfo, version } from 'node:os';
import { dirname } from 'node:path';
import { domainsOf } from '../../../launchd/paths.ts';
import { toPlain } from '../../../wire/errors.ts';
import { type Host, hostOf } from '../../installed/host.ts';
import { installedLabels } from '../../installed/labels.ts';
import { type HostOptions, type Place, placeOf } from '../../installed/place.ts';
import { packageVersion } from '../../version.ts';
import { redact } from './redact.ts';
import { runTestAgent, type TestAgentReport } from './test-agent.ts';

export type MachineReport = {
  /** The version of this format. */
  format: 1;
  launchpool: string;
  node: string;
  platform: string;
  arch: string;
  /** The release of the operating system's core, and its version: uname(1). */
  uname: string;
  /** The version of macOS; of systemd elsewhere. Undefined if the system does not say it. */
  system?: string;
  supervisor?: string;
  /** launchd: which domains of the user exist. */
  domains?: { gui: boolean; user: boolean };
  installedAgents: number;
  /** The reason why there is no test agent. */
  error?: { code?: string | number; message: string; hint?: string };
  testAgent?: TestAgentReport;
};

export type ReportOptions = HostOptions & {
  /** Called with the name of each stage. */
  onStage?: (stage: string) => void;
  /** Ends the report early; the test agent is uninstalled all the same. */
  signal?: AbortSignal;
};

/** Installs, calls and uninstalls an agent with a label of its own. Other agents are not touched. */
export async function reportMachine(options: ReportOptions = {}): Promise<MachineReport> {
  const label = `launchpool.report.${randomBytes(4).toString('hex')}`;
  const host = hostOf(options.host);
  const report: MachineReport = {
    format: 1,
    launchpool: packageVersion(),
    node: process.versions.node,
    platform: host.platform,
    arch: process.arch,
    uname: `${release()} ${version()}`,
    installedAgents: 0,
  };
  const system = await systemOf(host);
  if (system !== undefined) report.system = system;
  let place: Place | undefined;
  try {
    place = placeOf({ ...options, label });
    report.supervisor = place.supervisor.name;
    report.installedAgents = installedLabels(host).length;
    if (host.platform === 'darwin') report.domains = await domainsAt(host);
    await place.supervisor.check();
    report.testAgent = await runTestAgent(place, label, {
      onStage: options.onStage ?? (() => undefined),
      ending: options.signal ?? new AbortController().signal,
    });
  } catch (error) {
    const { code, message, hint } = toPlain(error);
    report.error = { message, ...(code === undefined ? {} : { code }), ...(hint === undefined ? {} : { hint }) };
  }
  return redacted(report, host, place);
}

async function domainsAt({ uid, run }: Host): Promise<{ gui: boolean; user: boolean }> {
  const [gui, user] = await Promise.all(
    domainsOf(uid).map(async (domain) => (await run(['/bin/launchctl', 'print', domain])).status === 0),
  );
  return { gui: gui === true, user: user === true };
}

async function systemOf({ platform, run }: Host): Promise<string | undefined> {
  const command =
    platform === 'darwin' ? (['/usr/bin/sw_vers', '-productVersion'] as const) : (['systemctl', '--version'] as const);
  const { status, stdout } = await run(command);
  return status === 0 ? stdout.split('\n')[0]?.trim() : undefined;
}

function redacted(report: MachineReport, host: Host, place: Place | undefined): MachineReport {
  const folders: Record<string, string> = {};
  if (place !== undefined) {
    folders['<agent>'] = place.layout.folder;
    folders['<runtime>'] = dirname(place.layout.sockets.agent);
  }
  folders['<node>'] = process.execPath;
  folders['<cwd>'] = process.cwd();
  folders['<tmp>'] = tmpdir();
  const how = { home: host.home, uid: host.uid, user: userName(), folders };
  return JSON.parse(JSON.stringify(report), (_key, value) => (typeof value === 'string' ? redact(value, how) : value));
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
