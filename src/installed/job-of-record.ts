/** The job of an installed agent, made from its record. */
import { join } from 'node:path';
import type { Job } from '../../job/job.ts';
import type { Host } from './host.ts';
import { type JobOptions, jobOf, SEARCH_PATH } from './job-options.ts';
import type { Layout } from './layout.ts';
import type { InstallRecord } from './record.ts';
import { PROGRAM } from './runtime-files.ts';

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID if this version of launchpool refuses one of the options */
export function jobOfRecord(record: InstallRecord, layout: Layout, { home }: Host): Job {
  return jobOf(record.options as JobOptions, {
    label: record.label,
    home,
    node: record.node.path,
    program: join(layout.current, PROGRAM),
    module: join(layout.current, record.entry),
    cache: layout.cache,
    sockets: layout.sockets,
    logFile: record.logFile,
    searchPath: record.searchPath ?? SEARCH_PATH,
  });
}
