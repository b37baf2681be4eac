/** Upgrades an installed agent: installs it again, from the same module and with the same options. */
import { type PlaceOptions, placeOf } from '../installed/place.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { type Installed, type InstallRun, install } from './install.ts';

export type UpgradeOptions = PlaceOptions &
  Pick<InstallRun, 'onStep' | 'isLocked'> & {
    /** A present `undefined` chooses the Node again. @default the recorded option */
    node?: string | undefined;
    /** How many versions are kept, with the current one. @default the recorded option */
    keep?: number;
  };

/**
 * Applies changes of the module, of launchpool, and of the path of Node.
 * @throws as install(), and ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export async function upgrade(options: UpgradeOptions): Promise<Installed> {
  const { host, supervisor } = placeOf(options);
  const { module, options: recorded } = mustBeInstalled(options.label, host);
  // Earlier versions took a journal for macOS, where the log was a file all the same.
  const log = supervisor.name === 'launchd' && recorded.log === 'journal' ? { log: undefined } : {};
  return install({ ...recorded, ...log, module, ...options });
}
