/** The place of an agent for those who only read: without what describes a job, which takes longer to load than to use. */
import type { JobReader } from '../../job/supervisor.ts';
import { createLaunchdReader } from '../../launchd/job-reader.ts';
import { createSystemdReader } from '../../systemd/job-reader.ts';
import { byPlatform } from './by-platform.ts';
import { type Host, hostOf, platformOf } from './host.ts';
import type { HostOptions } from './place.ts';

export type ReadingPlace = { host: Host; reader: JobReader };

/** @throws ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE on a platform without launchd and systemd, and for root on macOS */
export function readingPlaceOf({ supervisor, host: overrides }: HostOptions): ReadingPlace {
  const host = hostOf({ ...overrides, ...platformOf(supervisor) });
  return { host, reader: typeof supervisor === 'object' ? supervisor : pickReader(host) };
}

function pickReader(host: Host): JobReader {
  return byPlatform<JobReader>(host, {
    launchd: () => createLaunchdReader(host),
    systemd: () => createSystemdReader(host),
  });
}
