/** Which users may speak: the agent's own, root, and those that have been named. */

import type { SocketCalls } from '../../libc/socket.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

const ROOT = 0;

export type AllowedUsersOptions = {
  socketCalls: Pick<SocketCalls, 'uidOf'>;
  /** User ids beside the own one and root. */
  allowUids: readonly number[];
  /** @default process.geteuid() */
  ownUid?: number | undefined;
};

/** Says why the other side of a connection, given by its descriptor, may not speak; undefined when it may. */
export type AllowedUsers = (fd: number | undefined) => LaunchpoolError | undefined;

export function createAllowedUsers({
  socketCalls,
  allowUids,
  ownUid = process.geteuid?.(),
}: AllowedUsersOptions): AllowedUsers {
  const allowed = new Set([ROOT, ...(ownUid === undefined ? [] : [ownUid]), ...allowUids]);
  return (fd) => {
    const uid = fd === undefined ? undefined : socketCalls.uidOf(fd);
    if (uid !== undefined && allowed.has(uid)) return undefined;
    const who = uid === undefined ? 'a user of whom the kernel says nothing' : `user ${uid}`;
    return new LaunchpoolError('ERR_LAUNCHPOOL_PEER_REFUSED', `${who} has connected, and may not speak`, {
      data: { uid },
      hint: uid === undefined ? undefined : `If it shall be allowed to: --allow-uid ${uid}.`,
    });
  };
}
