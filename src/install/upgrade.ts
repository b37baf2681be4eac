/** Installs an agent again, from the same module and with the same options. */

import type { StatusOptions } from '../control/status.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { type Installation, type Installed, install } from './install.ts';
import { placeOf } from './plan.ts';

export type UpgradeOptions = StatusOptions &
  Pick<Installation, 'onStep' | 'isLocked'> & {
    /** To be chosen anew where it is given as undefined. @default as before */
    node?: string | undefined;
  };

/**
 * Takes over what has changed in the module, in launchpool, or in where Node is.
 * @throws as install(), and ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export async function upgrade(options: UpgradeOptions): Promise<Installed> {
  const { host } = placeOf(options);
  const { module, options: kept } = mustBeInstalled(options.label, host);
  return install({ ...kept, module, ...options });
}
