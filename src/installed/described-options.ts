/** Every option of an installed agent, with its value and its origin. */
import { AGENT_TABLE } from '../options/agent-table.ts';
import { defaultTextOf } from '../options/describe-option.ts';
import { INSTALL_TABLE, type InstallOption } from '../options/install-table.ts';
import type { Option } from '../options/option.ts';
import { keyOf } from '../options/package-section.ts';
import type { InstallRecord } from './record.ts';

export type DescribedOption = {
  /** Its name in a package.json; `env.NAME` for a variable, and `include.ENTRY` for an entry. */
  name: string;
  /** As the command line takes it, or a setting. Null if there is none, and the default is no value. */
  value: string | boolean | null;
  /** `install`: given at the installation. `package`: from a package.json. */
  origin: 'install' | 'package' | 'default';
  /** The path of that package.json. */
  path?: string;
  /** Describes a default that is no value. */
  note?: string;
};

type Recorded = Pick<InstallRecord, 'options' | 'origins'>;

export function describeOptions({ options, origins = {} }: Recorded): DescribedOption[] {
  const agent = Object(options.agent) as Readonly<Record<string, unknown>>;
  const own = Object.entries<InstallOption>(INSTALL_TABLE).filter(([, { isRetained }]) => isRetained);
  return [
    ...own.flatMap(([name, row]) => describe(row, options[name], origins)),
    ...Object.values<Option>(AGENT_TABLE).flatMap((row) => describe(row, agent[row.flag], origins)),
  ];
}

function describe(row: Option, given: unknown, origins: NonNullable<Recorded['origins']>): DescribedOption[] {
  const name = keyOf(row);
  const parts = partsOf(name, given);
  if (parts.length === 0) return [defaultOf(row)];
  return parts.map(([each, value]) => {
    const path = origins[each];
    const setting = 'switch' in row ? row.switch === value : String(value);
    return {
      name: each,
      value: setting,
      ...(path === undefined ? { origin: 'install' } : { origin: 'package', path }),
    };
  });
}

/** The values of an option by their names: none if it is not given. */
function partsOf(name: string, given: unknown): [string, unknown][] {
  if (given === undefined || given === null) return [];
  if (Array.isArray(given)) {
    if (name === 'include') return given.map((entry) => [`include.${entry}`, entry]);
    return given.length === 0 ? [] : [[name, given.join(', ')]];
  }
  if (typeof given === 'object') return Object.entries(given).map(([part, value]) => [`${name}.${part}`, value]);
  return [[name, given]];
}

function defaultOf(row: Option): DescribedOption {
  const name = keyOf(row);
  if ('switch' in row) return { name, value: !row.switch, origin: 'default' };
  if (row.default !== undefined) return { name, value: String(row.default), origin: 'default' };
  const note = defaultTextOf(row);
  return { name, value: null, origin: 'default', ...(note !== undefined && { note }) };
}
