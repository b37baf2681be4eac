/** The flags of the verbs that connect to an agent. */
import { readAuthkey } from '../agent/authkey-file.ts';
import type { ConnectOptions } from '../client/index.ts';
import { CLIENT_TABLE } from '../options/client-table.ts';
import { parseOptions } from '../options/parse-options.ts';
import { type CommanderFlags, givenFlags } from './given-flags.ts';

/** A call of a shell has time: an instance on a machine with too much work is not taken for lost. */
const LOST_AFTER_MS = 5_000;

/**
 * @param messagePack whether values may come that JSON does not have: what prints JSON would lose them.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function connectOptionsOf(flags: CommanderFlags, messagePack = false): ConnectOptions {
  const { authkeyFile, md5, serverUid } = parseOptions(CLIENT_TABLE, givenFlags(CLIENT_TABLE, flags));
  return {
    md5,
    serverUid,
    lostAfterMs: LOST_AFTER_MS,
    messagePack,
    authkey: authkeyFile === undefined ? undefined : readAuthkey(authkeyFile),
  };
}
