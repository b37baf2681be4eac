/** Upgrades an installed agent: installs it again, from the same module and with the same options. */

import { changedOptions, withoutPackage } from '../installed/package-options.ts';
import { type PlaceOptions, placeOf } from '../installed/place.ts';
import { mustBeInstalled, readRecord } from '../installed/record.ts';
import { type Installed, type InstallRun, install } from './install.ts';

export type UpgradeOptions = PlaceOptions &
  Pick<InstallRun, 'onStep' | 'isLocked'> & {
    /** A present `undefined` chooses the Node again. @default the recorded option */
    node?: string | undefined;
    /** How many versions are kept, with the current one. @default the recorded option */
    keep?: number;
  };

/**
 * Applies changes of the module, of its options in the package.json, of launchpool, and of the path of Node. Options that
 * `install` was given stay.
 * @throws as install(), and ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export async function upgrade(options: UpgradeOptions): Promise<Installed> {
  const { host, supervisor, layout } = placeOf(options);
  const { module, options: recorded, origins } = mustBeInstalled(options.label, host);
  // Earlier versions took a journal for macOS, where the log was a file all the same.
  const log = supervisor.name === 'launchd' && recorded.log === 'journal' ? { log: undefined } : {};
  const installed = await install({ ...withoutPackage(recorded, origins), ...log, module, ...options });
  const now = readRecord(layout);
  const changed = now === undefined ? [] : changedOptions({ options: recorded, origins }, now);
  if (changed.length === 0) return installed;
  return { ...installed, notes: [...installed.notes, `package.json has changed: ${changed.join(', ')}.`] };
}
