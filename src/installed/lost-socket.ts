/** Socket files that were removed or replaced: the supervisor goes on listening, and no client reaches it. */
import { lstatSync } from 'node:fs';
import type { SocketPaths } from '../../wire/address.ts';

/**
 * What has become of the first socket that has no file of its own. Makes no connection, which would start the agent.
 * @returns undefined if each path is that of a socket.
 */
export function lostSocket(sockets: SocketPaths): string | undefined {
  for (const path of Object.values(sockets)) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return `the socket ${path} was removed`;
    if (!stats.isSocket()) return `${path} is no socket any more`;
  }
  return undefined;
}
