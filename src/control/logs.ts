/** The log of an installed agent: the command that prints it. */
import type { Command, LogRange } from '../../job/supervisor.ts';
import { type PlaceOptions, placeOf } from '../installed/place.ts';
import { mustBeInstalled } from '../installed/record.ts';

/**
 * The command prints lines of JSON, and the other output of the agent, its module and its supervisor.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export function logCommandOf(options: PlaceOptions, range: LogRange): Command {
  const { supervisor, host, layout } = placeOf(options);
  const { logFile } = mustBeInstalled(options.label, host);
  const journal = logFile === undefined ? supervisor.logCommand(options.label, range) : undefined;
  // -F follows the path, at which another file may appear.
  return journal ?? ['tail', '-n', String(range.lines), ...(range.follow ? ['-F'] : []), logFile ?? layout.logFile];
}
