/** Reads the status of jobs from systemd's user manager. One question serves any number of jobs. */
import { join } from 'node:path';
import type { RunCommand } from '../job/run-command.ts';
import type { JobReader, JobStatus } from '../job/supervisor.ts';
import type { Environment } from './check-in.ts';
import { isForeign } from './foreign-units.ts';
import { statusOf, takenBy } from './job-status.ts';
import { unitFolderOf, unitNamesOf } from './paths.ts';
import { createSystemctl, type UnitStatus } from './systemctl.ts';

export type SystemdReaderOptions = { run: RunCommand; home: string; env: Environment };

export function createSystemdReader({ run, home, env }: SystemdReaderOptions): JobReader {
  const systemctl = createSystemctl(run);
  const folder = unitFolderOf(home, env);

  function jobStatus(names: readonly string[], units: readonly UnitStatus[]): JobStatus {
    const foreign = units.find((unit, index) => isForeign(unit, join(folder, names[index] as string)));
    if (foreign !== undefined) return takenBy(foreign);
    const [agent, control, service] = units;
    return statusOf(agent as UnitStatus, control as UnitStatus, service as UnitStatus);
  }

  function statuses(labels: readonly string[]): Promise<JobStatus>[] {
    const groups = labels.map((label) => {
      const { service, socket, control } = unitNamesOf(label);
      return [socket, control, service];
    });
    const shown = systemctl.showEach(groups);
    return groups.map(async (names, index) => jobStatus(names, await (shown[index] as Promise<UnitStatus[]>)));
  }

  return {
    name: 'systemd',
    status: (label) => statuses([label])[0] as Promise<JobStatus>,
    statuses,
  };
}
