/** Where the log of an installed agent is to be read. */
import type { Command, LogRange } from '../../job/supervisor.ts';
import { placeOf } from '../install/plan.ts';
import { mustBeInstalled } from '../installed/record.ts';
import type { StatusOptions } from './status.ts';

/**
 * The command that prints it: lines of JSON, and whatever else the agent, its module or its supervisor has said.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export function logCommandOf(options: StatusOptions, range: LogRange): Command {
  const { supervisor, host, layout } = placeOf(options);
  const { logFile } = mustBeInstalled(options.label, host);
  const own = logFile === undefined ? supervisor.logCommand(options.label, range) : undefined;
  // By name, since an older one may have taken its place by the next line.
  return own ?? ['tail', '-n', String(range.lines), ...(range.follow ? ['-F'] : []), logFile ?? layout.logFile];
}
