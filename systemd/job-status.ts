/** The status of a job, from the properties of its units. */
import type { JobStatus } from '../job/supervisor.ts';
import type { UnitStatus } from './systemctl.ts';

/** The unit of another program has a name of the agent's. */
export function takenBy(unit: UnitStatus): JobStatus {
  const pid = Number(unit.MainPID);
  const detail = nameTakenBy(unit);
  return { state: 'failed', listening: false, heldBy: unit.FragmentPath, detail, ...(pid > 0 && { pid }) };
}

export const nameTakenBy = ({ Id, FragmentPath }: UnitStatus): string =>
  `another unit has the name ${Id}: ${FragmentPath}`;

export function isListening({ ActiveState }: UnitStatus): boolean {
  return ActiveState === 'active';
}

/** systemd can hold a unit whose file is removed until the unit is stopped. */
function isAbsent({ LoadState, ActiveState }: UnitStatus): boolean {
  return LoadState === 'not-found' && (ActiveState === 'inactive' || ActiveState === 'failed');
}

/** systemd.service(5) and systemd.socket(5) describe the states; unit-def.c in https://github.com/systemd/systemd lists them. */
export function statusOf(agent: UnitStatus, control: UnitStatus, service: UnitStatus): JobStatus {
  const sockets = [agent, control];
  if ([...sockets, service].every(isAbsent)) return { state: 'not-installed', listening: false };
  const status: JobStatus = { state: 'unknown', listening: sockets.every(isListening) };
  if (service.MainPID !== '0' && service.MainPID !== '') status.pid = Number(service.MainPID);
  if (service.ExecMainExitTimestampMonotonic !== '0') status.lastExit = lastExitOf(service);
  const masked = sockets.find(({ LoadState }) => LoadState === 'masked');
  if (masked !== undefined) return { ...status, state: 'disabled', detail: `${masked.Id} is masked` };
  const failed = sockets.find(({ ActiveState }) => ActiveState === 'failed');
  if (failed !== undefined) return { ...status, state: 'failed', detail: `${failed.Id}: ${failed.Result}` };
  const stopped = sockets.find((unit) => !isListening(unit));
  if (stopped !== undefined) return { ...status, state: 'disabled', detail: `${stopped.Id} is not started` };
  switch (service.ActiveState) {
    case 'active':
    case 'reloading':
      return { ...status, state: 'running' };
    case 'activating':
      return { ...status, state: 'starting' };
    case 'deactivating':
      if (service.SubState === 'stop-post' && service.Result !== 'success') {
        return { ...status, state: 'throttled', detail: `the last process ended with an error (${service.Result})` };
      }
      return { ...status, state: 'stopping' };
    case 'failed': {
      const detail = `the last process ended with an error (${service.Result}, ${status.lastExit}); the next connection starts one`;
      return { ...status, state: 'failed', detail };
    }
    case 'inactive':
      return { ...status, state: 'idle' };
    default:
      return { ...status, detail: `unknown state of systemd: "${service.ActiveState}"` };
  }
}

/** CLD_EXITED of waitid(2) is 1; the other codes mean a signal. */
function lastExitOf({ ExecMainCode, ExecMainStatus }: UnitStatus): number | string {
  return ExecMainCode === '1' ? Number(ExecMainStatus) : `signal ${ExecMainStatus}`;
}
