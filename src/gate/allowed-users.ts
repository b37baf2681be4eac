/** The users that may connect: the agent's own, root, and those of --allow-uid. */
import { LaunchpoolError } from '../../wire/errors.ts';

const ROOT = 0;

export type AllowedUsersOptions = {
  /** User ids in addition to the own one and root. */
  allowUids: readonly number[];
  /** @default process.geteuid() */
  ownUid?: number | undefined;
};

/** Returns the reason to reject the connection of this user; undefined to allow it. */
export type AllowedUsers = (uid: number | undefined) => LaunchpoolError | undefined;

export function createAllowedUsers({ allowUids, ownUid = process.geteuid?.() }: AllowedUsersOptions): AllowedUsers {
  const allowed = new Set([ROOT, ...(ownUid === undefined ? [] : [ownUid]), ...allowUids]);
  return (uid) => {
    if (uid !== undefined && allowed.has(uid)) return undefined;
    const user = uid === undefined ? 'an unknown user' : `user ${uid}`;
    return new LaunchpoolError('ERR_LAUNCHPOOL_PEER_REFUSED', `${user} may not connect`, {
      data: { uid },
      hint: uid === undefined ? undefined : `Allow this user with --allow-uid ${uid}.`,
    });
  };
}
