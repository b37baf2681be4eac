/** The place of an agent: the host, the supervisor, and the layout of the agent's files. */
import type { Supervisor } from '../../job/supervisor.ts';
import { type Host, hostOf, platformOf } from './host.ts';
import { type Layout, layoutOf } from './layout.ts';
import { pickSupervisor } from './pick-supervisor.ts';

export type HostOptions = {
  /** @default the supervisor of this platform */
  supervisor?: 'launchd' | 'systemd' | Supervisor | undefined;
  /** Overrides parts of the host. @default this process's host */
  host?: Partial<Host> | undefined;
};

export type PlaceOptions = HostOptions & {
  /** A name such as `com.example.rot13`. */
  label: string;
};

export type Place = { host: Host; supervisor: Supervisor; layout: Layout };

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE */
export function placeOf({ label, supervisor, host: overrides }: PlaceOptions): Place {
  const host = hostOf({ ...overrides, ...platformOf(supervisor) });
  const picked = typeof supervisor === 'object' ? supervisor : pickSupervisor(host);
  return { host, supervisor: picked, layout: layoutOf(label, host) };
}
