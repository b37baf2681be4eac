/** The owner of a UNIX socket: a client sends nothing to a server of a user whom it does not trust. */
import { statSync } from 'node:fs';
import { LaunchpoolError } from '../../wire/errors.ts';

const ROOT = 0;

/**
 * Checks that a socket belongs to the caller, to root, or to one of the given users. Root may call every socket. Only the
 * file system is asked; it follows symbolic links, as connect(2) does.
 * @param ownUid undefined where files have no owner.
 * @throws ERR_LAUNCHPOOL_SOCKET_OWNER, or the error of stat(2)
 */
export function checkSocketOwner(
  path: string,
  serverUids: readonly number[],
  ownUid: number | undefined = process.geteuid?.(),
): void {
  if (ownUid === undefined || ownUid === ROOT) return;
  const { uid } = statSync(path);
  if (uid === ROOT || uid === ownUid || serverUids.includes(uid)) return;
  const others = serverUids.length === 0 ? '' : `, and serverUid allows ${serverUids.join(', ')}`;
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_SOCKET_OWNER',
    `the socket ${path} belongs to user ${uid}; the caller is user ${ownUid}${others}`,
    {
      hint: `If user ${uid} may see and answer this call, allow it: --server-uid ${uid} on the command line, serverUid: ${uid} in the options.`,
      data: { socketUid: uid, ownUid },
    },
  );
}
