/** The versions of an installed agent, for people and programs: the current one, and those that are kept. */
import { installedAtOf, keptVersions } from './kept-versions.ts';
import { type PlaceOptions, placeOf } from './place.ts';
import { type InstallRecord, mustBeInstalled } from './record.ts';

export type AgentVersion = {
  /** The name of its folder, which depends on its contents. */
  id: string;
  isCurrent: boolean;
  /** ISO 8601. */
  installedAt: string;
  /** When another version replaced it, as ISO 8601. Undefined for the current version. */
  replacedAt?: string;
  /** Path of the module that it was installed from. */
  module: string;
  /** The version of launchpool that installed it, whose program it has. */
  launchpool: string;
  node: InstallRecord['node'];
};

/**
 * The versions that rollback() can return to, the current one first, then the one that was replaced last.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED
 */
export async function versions(options: PlaceOptions): Promise<AgentVersion[]> {
  const { layout, host } = placeOf(options);
  const record = mustBeInstalled(options.label, host);
  const current: AgentVersion = { ...describe(record), isCurrent: true, installedAt: installedAtOf(record, layout) };
  const earlier = keptVersions(layout, record.hash).map(
    (kept): AgentVersion => ({
      ...describe(kept.record),
      installedAt: installedAtOf(kept.record, layout),
      replacedAt: kept.replacedAt,
    }),
  );
  return [current, ...earlier];
}

function describe({ hash, module, version, node }: InstallRecord): Omit<AgentVersion, 'installedAt'> {
  return { id: hash, isCurrent: false, module, launchpool: version, node };
}
