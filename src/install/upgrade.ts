/** Upgrades an installed agent: installs it again, from the same module and with the same options. */

import type { InstallOptions } from '../installed/install-options.ts';
import { changedOptions, packageOptionsOf, withoutPackage } from '../installed/package-options.ts';
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

const VALIDATION_NOTE =
  'The agent logs arguments that do not have the types of their parameters, and accepts them (--validate warn). ' +
  'To have it refuse them, install it with --validate on.';

/**
 * Applies changes of the module, of its options in the package.json, of launchpool, and of the path of Node. Options that
 * `install` was given stay.
 * @throws as install(), and ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export async function upgrade(options: UpgradeOptions): Promise<Installed> {
  const { host, supervisor, layout } = placeOf(options);
  const { module, options: recorded, origins, checksArguments } = mustBeInstalled(options.label, host);
  // Earlier versions took a journal for macOS, where the log was a file all the same.
  const log = supervisor.name === 'launchd' && recorded.log === 'journal' ? { log: undefined } : {};
  const own = withoutPackage(recorded, origins);
  const validation = checksArguments ? {} : firstValidation(module, own);
  const installed = await install({ ...own, ...log, ...validation, module, ...options });
  const now = readRecord(layout);
  const changed = now === undefined ? [] : changedOptions({ options: recorded, origins }, now);
  const notes = changed.length === 0 ? [] : [`package.json has changed: ${changed.join(', ')}.`];
  if ('agent' in validation && installed.kind === 'rpc') notes.push(VALIDATION_NOTE);
  return notes.length === 0 ? installed : { ...installed, notes: [...installed.notes, ...notes] };
}

/** An agent of an earlier launchpool may have clients that have always sent what its types do not say: they go on. */
function firstValidation(
  module: string,
  { agent = {} }: Readonly<Record<string, unknown>>,
): Pick<InstallOptions, 'agent'> | object {
  const given = agent as NonNullable<InstallOptions['agent']>;
  const isChosen = given.validate !== undefined || packageOptionsOf(module)?.options.validate !== undefined;
  return isChosen ? {} : { agent: { ...given, validate: 'warn' } };
}
