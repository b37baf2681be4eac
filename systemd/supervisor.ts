/** systemd's user manager as a supervisor: the entry point of this folder, beside the check-in and the reader. */
import { lstatSync, readlinkSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { modeOf } from '../job/job.ts';
import type { RunCommand } from '../job/run-command.ts';
import type { Supervisor } from '../job/supervisor.ts';
import { LaunchpoolError } from '../wire/errors.ts';
import type { Environment } from './check-in.ts';
import { isForeign } from './foreign-units.ts';
import { createSystemdReader } from './job-reader.ts';
import { isListening, nameTakenBy } from './job-status.ts';
import { otherUnitFoldersOf, SERVICE_WANTS, unitFolderOf, unitNamesOf, WANTS } from './paths.ts';
import { createSystemctl, systemctlCommand, type UnitStatus } from './systemctl.ts';
import { unitsOf } from './units.ts';

/** Time for the units to stop before the service is killed. */
const STOP_TIMEOUT_MS = 70_000;
/** Time for systemd itself, beyond a job's stop timeout. */
const SLACK_MS = 10_000;
const POLL_MS = 50;

export type SystemdOptions = { run: RunCommand; home: string; uid: number; env: Environment };

export function createSystemd({ run, home, uid, env }: SystemdOptions): Supervisor {
  const systemctl = createSystemctl(run);
  const folder = unitFolderOf(home, env);
  const inFolder = (name: string): string => join(folder, name);
  const others = otherUnitFoldersOf(home, env, uid).filter((other) => other !== folder);
  const isEnabled = (socket: string): boolean =>
    lstatSync(inFolder(join(WANTS, socket)), { throwIfNoEntry: false }) !== undefined;

  /** The agent's units, without those of other programs. */
  async function ownUnits(...names: string[]): Promise<{ own: string[]; states: UnitStatus[] }> {
    const shown = await systemctl.show(...names);
    const isOwn = (_name: unknown, index: number): boolean =>
      !isForeign(shown[index] as UnitStatus, inFolder(names[index] as string));
    return { own: names.filter(isOwn), states: shown.filter(isOwn) };
  }

  /** @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED when systemd has read one of these units from another program's file */
  async function showOwn(...names: string[]): Promise<UnitStatus[]> {
    const shown = await systemctl.show(...names);
    const foreign = shown.find((unit, index) => isForeign(unit, inFolder(names[index] as string)));
    if (foreign === undefined) return shown;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_FAILED', nameTakenBy(foreign), {
      hint: 'Remove the unit with the program that installed it, or choose another label.',
    });
  }

  /** `systemctl disable` would remove the links that enable the other unit. */
  function removeLink(unit: string, wants = WANTS): void {
    const link = inFolder(join(wants, unit));
    try {
      if (readlinkSync(link) !== inFolder(unit)) return;
      unlinkSync(link);
      rmdirSync(dirname(link));
    } catch {
      // There is no link, or the folder has others.
    }
  }

  return {
    ...createSystemdReader({ run, home, env }),
    async check() {
      await systemctl.must('show', '--property', 'Version');
    },
    filesOf: (job) => [...unitsOf(job)].map(([name, text]) => ({ path: inFolder(name), text, mode: modeOf(job) })),
    pathsOf: (label) => Object.values(unitNamesOf(label)).map(inFolder),
    foreignPathsOf: (label) =>
      others.flatMap((other) => Object.values(unitNamesOf(label)).map((name) => join(other, name))),
    loading({ label, isResident }, changed) {
      const { service, socket, control } = unitNamesOf(label);
      if (changed.length === 0) return [];
      const reload = systemctlCommand('daemon-reload');
      if (changed.every((path) => path === inFolder(service))) return [reload];
      return [
        reload,
        systemctlCommand('stop', service, socket, control),
        systemctlCommand('reset-failed', service, socket, control),
        systemctlCommand('enable', '--now', socket, control),
        ...(isResident ? [systemctlCommand('enable', service)] : []),
      ];
    },
    async load({ label, isResident }, changed) {
      const { service, socket, control } = unitNamesOf(label);
      if (!isResident) removeLink(service, SERVICE_WANTS);
      // Also before the reload: a running unit of another program passes for the agent's as soon as the agent's file is read.
      let units = await showOwn(socket, control, service);
      if (changed.length > 0) {
        await systemctl.must('daemon-reload');
        units = await showOwn(socket, control, service);
      }
      const sockets = units.slice(0, 2).map(isListening);
      // A changed service does not affect listening sockets.
      if (sockets.includes(false) || !changed.every((path) => path === inFolder(service))) {
        // systemd starts no socket whose service is running.
        await systemctl.may('stop', service, socket, control);
        await systemctl.may('reset-failed', service, socket, control);
        await systemctl.must('enable', '--now', socket, control);
      }
      // The sockets start it now, as any agent.
      if (isResident) await systemctl.must('enable', service);
    },
    async unload(label, stopSeconds = 0) {
      const { service, socket, control } = unitNamesOf(label);
      const { own, states } = await ownUnits(socket, control, service);
      const sockets = own.filter((name) => name !== service);
      for (const name of [socket, control]) if (!own.includes(name)) removeLink(name);
      removeLink(service, SERVICE_WANTS);
      // The links to units whose files were removed by hand stay, and so does the folder of the links.
      if (states.every(isAtRest) && !sockets.some(isEnabled)) return;
      // Sockets stop first: a connection would start the service again.
      if (sockets.length > 0) await systemctl.may('disable', '--now', ...sockets);
      await systemctl.may('stop', ...[service, socket, control].filter((name) => own.includes(name)));
      const stopMs = Math.max(STOP_TIMEOUT_MS, stopSeconds * 1000 + SLACK_MS);
      for (const deadline = Date.now() + stopMs; ; await wait(POLL_MS)) {
        const left = await systemctl.show(...own);
        if (left.every(isAtRest)) break;
        if (Date.now() >= deadline && own.includes(service))
          await systemctl.must('kill', '--signal', 'SIGKILL', service);
      }
    },
    async forget(label) {
      const { own } = await ownUnits(...Object.values(unitNamesOf(label)));
      if (own.length > 0) await systemctl.may('reset-failed', ...own);
      await systemctl.must('daemon-reload');
    },
    async dismiss(label) {
      const { service } = unitNamesOf(label);
      const [unit] = await systemctl.show(service);
      if (unit !== undefined && isForeign(unit, inFolder(service))) return undefined;
      const pid = Number(unit?.MainPID ?? 0);
      if (pid === 0) return undefined;
      // Not `stop`, which affects the sockets as well.
      await systemctl.may('kill', '--kill-who', 'main', '--signal', 'SIGTERM', service);
      return pid;
    },
    logCommand(label, { lines, follow }) {
      // Not by unit: without a user journal, the lines are in the system journal. journald itself sets these two
      // fields, the identifier and the user of a line: systemd.journal-fields(7).
      const match = [`SYSLOG_IDENTIFIER=${label}`, `_UID=${uid}`];
      const range = ['--lines', String(lines), ...(follow ? ['--follow'] : [])];
      return ['journalctl', '--quiet', '--no-pager', '--output', 'cat', ...range, ...match];
    },
  };
}

/** Without a process and without a listening socket. */
function isAtRest({ ActiveState }: UnitStatus): boolean {
  return ActiveState === 'inactive' || ActiveState === 'failed';
}
