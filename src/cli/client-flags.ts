/** The flags that every command takes which connects to an agent. */

import { readAuthkey } from '../agent/agent-flags.ts';
import type { ConnectOptions } from '../client/index.ts';

export type ClientFlags = { raw?: boolean; authkeyFile?: string; md5?: boolean };

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID */
export function connectOptionsOf({ authkeyFile, md5 }: ClientFlags): ConnectOptions {
  return { md5, authkey: authkeyFile === undefined ? undefined : readAuthkey(authkeyFile) };
}
