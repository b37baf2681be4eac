/** How a quick verb asks the supervisor. */
import { type RunCommand, runCommandBlocking } from '../../../job/run-command.ts';

/** launchd is asked about each agent, and answers several questions at a time; systemd is asked once about all. */
export function asking(platform: NodeJS.Platform = process.platform): { run?: RunCommand } {
  return platform === 'linux' ? { run: runCommandBlocking } : {};
}
