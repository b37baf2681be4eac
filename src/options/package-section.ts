/**
 * The section `launchpool` of a package.json: options by the names of their flags in camelCase, with the values that the
 * flags take.
 */
import { LaunchpoolError } from '../../wire/errors.ts';
import { similarTo } from '../../wire/suggestion.ts';
import { AGENT_TABLE } from './agent-table.ts';
import { expectationOf } from './describe-value.ts';
import { INSTALL_TABLE, type InstallOption } from './install-table.ts';
import type { Option, Value } from './option.ts';
import { parseValue } from './parse-value.ts';

const HINT = 'docs/options.md has every option: its name here is that of its flag in camelCase.';

/** The name of an option in the section. */
export function keyOf({ flag }: Option): string {
  return camelCase(flag.startsWith('no-') ? flag.slice('no-'.length) : flag);
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}

/** An option that belongs to one command, such as `--dry-run`, has no place here. */
const isOfAgent = (row: InstallOption): boolean => row.isRetained || row.flag === INSTALL_TABLE.label.flag;

const INSTALL_ROWS = new Map<string, Option>(
  Object.values(INSTALL_TABLE).flatMap((row: InstallOption) => (isOfAgent(row) ? [[keyOf(row), row]] : [])),
);
const AGENT_ROWS = new Map<string, Option>(Object.values<Option>(AGENT_TABLE).map((row) => [keyOf(row), row]));
export const SECTION_KEYS: readonly string[] = [...INSTALL_ROWS.keys(), ...AGENT_ROWS.keys()];

/** The options of one agent, by the names that they have in the section. Lists and `env` are as they are given. */
export type SectionOptions = Readonly<
  Record<string, string | boolean | readonly string[] | Readonly<Record<string, string>>>
>;

export type Section = {
  /** For all agents of the package. */
  shared: SectionOptions;
  /** By the path of the module, as it is written. */
  agents: Readonly<Record<string, SectionOptions>>;
};

/** Where a value stands: in this file, at this path, such as `launchpool.idle`. */
type Place = { file: string; at: string };

/**
 * Checks a section.
 * @param file the path of the package.json.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID, which names the file and the key
 */
export function readSection(section: unknown, file: string): Section {
  const place = { file, at: 'launchpool' };
  if (section === undefined) return { shared: {}, agents: {} };
  const { agents: given = {}, ...own } = objectOf(section, place, 'an object with options');
  const shared = readOptions(own, place);
  const at = { file, at: 'launchpool.agents' };
  const agents = Object.entries(objectOf(given, at, 'an object with the path of each module, and its options')).map(
    ([path, options]): [string, SectionOptions] => {
      const here = { file, at: `${at.at}[${JSON.stringify(path)}]` };
      return [path, readOptions(objectOf(options, here, 'an object with options'), here)];
    },
  );
  if (shared.label !== undefined && agents.length > 0)
    throw invalid(
      { file, at: 'launchpool.label' },
      'each agent of several has a label of its own',
      'Move it into "agents".',
    );
  return { shared, agents: Object.fromEntries(agents) };
}

function readOptions(options: Readonly<Record<string, unknown>>, { file, at }: Place): SectionOptions {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      const place = { file, at: `${at}.${key}` };
      const row = INSTALL_ROWS.get(key) ?? AGENT_ROWS.get(key);
      if (row === undefined) throw unknown(place, key);
      return [key, readValue(row, value, place)];
    }),
  );
}

function unknown(place: Place, key: string): LaunchpoolError {
  const rows: readonly Option[] = [...Object.values<Option>(INSTALL_TABLE), ...Object.values<Option>(AGENT_TABLE)];
  const row = rows.find(({ flag }) => [flag, camelCase(flag)].includes(key));
  if (row !== undefined && !SECTION_KEYS.includes(keyOf(row)))
    return invalid(place, `--${row.flag} belongs to one command, and not to an agent`, HINT);
  const name = row === undefined ? similarTo(key, SECTION_KEYS) : keyOf(row);
  return invalid(place, `there is no such option${name === undefined ? '' : `. Did you mean ${name}?`}`, HINT);
}

function readValue(row: Option, given: unknown, place: Place): SectionOptions[string] {
  if ('switch' in row) {
    if (typeof given === 'boolean') return given;
    throw invalid(place, `${textOf(given)} is not true or false`);
  }
  const { value } = row;
  if (row.flag === INSTALL_TABLE.env.flag) return readVariables(given, place);
  if (value.kind === 'texts') {
    if (Array.isArray(given) && given.every((each) => typeof each === 'string')) return given;
    throw invalid(place, `${textOf(given)} is not an array of strings`);
  }
  const text = textIn(value, given);
  if (text === undefined) throw invalid(place, `${textOf(given)} is not ${expectationOf(value) ?? 'a string'}`);
  parseValue(value, text, `${place.at} in ${place.file}:`, HINT);
  return text;
}

/** As on the command line; undefined for a value of another type. */
function textIn({ kind }: Value, given: unknown): string | undefined {
  if (kind === 'userIds' && Array.isArray(given) && given.every((id) => typeof id === 'number')) return given.join(',');
  if (typeof given === 'string') return given;
  const isNumber = kind !== 'choice' && kind !== 'path' && kind !== 'text';
  return isNumber && typeof given === 'number' ? String(given) : undefined;
}

function readVariables(given: unknown, place: Place): Readonly<Record<string, string>> {
  const variables = Object.entries(objectOf(given, place, 'an object with the variables and their values'));
  return Object.fromEntries(
    variables.map(([name, value]) => {
      const here = { ...place, at: `${place.at}.${name}` };
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw invalid(here, 'not the name of a variable');
      if (typeof value !== 'string') throw invalid(here, `${textOf(value)} is not a string`);
      return [name, value];
    }),
  );
}

function objectOf(value: unknown, place: Place, expected: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(place, `${textOf(value)} is not ${expected}`);
}

function textOf(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function invalid({ file, at }: Place, problem: string, hint = HINT): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `${at} in ${file}: ${problem}`, { hint });
}
