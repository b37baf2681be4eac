/** The options that the package.json of a module gives its agent, below those of the command line. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { AGENT_TABLE } from '../options/agent-table.ts';
import { INSTALL_TABLE } from '../options/install-table.ts';
import type { Option } from '../options/option.ts';
import { keyOf, readSection, type SectionOptions } from '../options/package-section.ts';
import type { GivenValues } from '../options/parse-options.ts';
import { type SourceState, sectionState } from './changed-sources.ts';
import type { InstallOptions } from './install-options.ts';

/**
 * Which options are those of a package.json: its path, by the name that the option has there. A variable of `env` and an
 * entry of `include` count one by one, as `env.NAME` and `include.ENTRY`.
 */
export type Origins = Readonly<Record<string, string>>;

export type PackageOptions = {
  /** The path of the package.json. */
  path: string;
  /** By their names in the file. Paths are absolute. */
  options: SectionOptions;
  /** The section as it is now. */
  state: SourceState;
};

/** Options of an installation, together with those of the package.json. */
export type MergedOptions = InstallOptions & { origins: Origins; section: SourceState | undefined };

type Variables = Readonly<Record<string, string>>;

/** The label is given in any case; the others are merged part by part. */
const APART: ReadonlySet<string> = new Set(['label', 'include', 'env']);

/**
 * Reads the nearest package.json above a module, up to the border of the module's package.
 * @returns undefined without such a file.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID, which names the file
 */
export function packageOptionsOf(module: string): PackageOptions | undefined {
  const real = existsSync(module) ? realpathSync(module) : resolve(module);
  const path = nearestPackage(real);
  if (path === undefined) return undefined;
  const folder = dirname(path);
  const { launchpool } = Object(parse(path)) as { launchpool?: unknown };
  const { shared, agents } = readSection(launchpool, path);
  let own: SectionOptions = {};
  for (const [name, options] of Object.entries(agents)) {
    const file = resolve(folder, name);
    if (!existsSync(file)) throw missing(path, name);
    if (realpathSync(file) === real) own = options;
  }
  const env = { ...(shared.env as Variables), ...(own.env as Variables) };
  const options = absoluteIn(folder, { ...shared, ...own, env });
  return { path, options, state: sectionState(path) };
}

/**
 * Puts the options of the package.json below the given ones.
 * @param options with absolute paths.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID, which names the file
 */
export function withPackageOptions<Options extends InstallOptions>(given: Options): Options & MergedOptions {
  const found = packageOptionsOf(given.module);
  if (found === undefined) return { ...given, origins: {}, section: undefined };
  const { path, options } = found;
  const origins: Record<string, string> = {};
  const merged: Record<string, unknown> = { ...given };
  for (const [name, row] of Object.entries<Option>(INSTALL_TABLE)) {
    const key = keyOf(row);
    if (options[key] === undefined || APART.has(key) || isGiven(merged[name])) continue;
    merged[name] = options[key];
    origins[key] = path;
  }
  const variables = Object.entries(options.env as Variables).filter(([name]) => given.env?.[name] === undefined);
  if (variables.length > 0) merged.env = { ...given.env, ...Object.fromEntries(variables) };
  for (const [name] of variables) origins[`env.${name}`] = path;
  const entries = ((options.include ?? []) as string[]).filter((entry) => !given.include?.includes(entry));
  if (entries.length > 0) merged.include = [...(given.include ?? []), ...entries];
  for (const entry of entries) origins[`include.${entry}`] = path;
  const agent = mergedAgent(given.agent ?? {}, found, origins);
  if (Object.keys(agent).length > 0 || given.agent !== undefined) merged.agent = agent;
  return { ...(merged as Options), origins, section: found.state };
}

/** Flags of the agent, with those of the package.json below them. @param origins gets those that come from there. */
export function mergedAgent<Value>(
  given: Readonly<Record<string, Value>>,
  { path, options }: Pick<PackageOptions, 'path' | 'options'>,
  origins: Record<string, string> = {},
): Record<string, Value | string | boolean> {
  const flags: Record<string, Value | string | boolean> = {};
  let isUsed = false;
  for (const row of Object.values<Option>(AGENT_TABLE)) {
    const [key, own] = [keyOf(row), given[row.flag]];
    const option = options[key] as string | boolean | undefined;
    if (isGiven(own)) flags[row.flag] = own as Value;
    else if (option !== undefined) {
      // Of a switch, what stands in the file is the setting.
      flags[row.flag] = 'switch' in row ? option === row.switch : option;
      origins[key] = path;
      isUsed = true;
    }
  }
  if (!isUsed) return { ...given };
  return { ...flags, ...without(given, Object.keys(flags)) };
}

/** The flags of `dev`, with those of the package.json below them. @throws ERR_LAUNCHPOOL_OPTION_INVALID */
export function devFlags(module: string, given: GivenValues): { flags: GivenValues; origins: Origins } {
  const [found, origins] = [packageOptionsOf(module), {}];
  return { flags: found === undefined ? given : (mergedAgent(given, found, origins) as GivenValues), origins };
}

/** The options of an installation that its package.json does not give. */
export function withoutPackage(
  options: Readonly<Record<string, unknown>>,
  origins: Origins = {},
): Readonly<Record<string, unknown>> {
  const flags = Object.values<Option>(AGENT_TABLE).filter((row) => keyOf(row) in origins);
  const names = Object.entries<Option>(INSTALL_TABLE).filter(([, row]) => keyOf(row) in origins);
  const rest = without(
    options,
    names.map(([name]) => name),
  );
  const { agent, env, include } = rest;
  return {
    ...rest,
    ...(agent !== undefined && {
      agent: without(
        agent as object,
        flags.map(({ flag }) => flag),
      ),
    }),
    ...(env !== undefined && { env: without(env as object, partsOf(origins, 'env')) }),
    ...(Array.isArray(include) && { include: include.filter((entry) => !partsOf(origins, 'include').includes(entry)) }),
  };
}

/** The variables, or the entries, of a package.json. */
function partsOf(origins: Origins, option: 'env' | 'include'): string[] {
  return Object.keys(origins).flatMap((key) => (key.startsWith(`${option}.`) ? [key.slice(option.length + 1)] : []));
}

type Recorded = { options: Readonly<Record<string, unknown>>; origins?: Origins | undefined };

/** The names of the options whose value in the package.json is another one than before. */
export function changedOptions(before: Recorded, now: Recorded): string[] {
  const keys = new Set([...Object.keys(before.origins ?? {}), ...Object.keys(now.origins ?? {})]);
  return [...keys].filter((key) => recordedValue(before, key) !== recordedValue(now, key));
}

/** As text, to compare it. */
function recordedValue({ options, origins }: Recorded, key: string): string | undefined {
  const [option, part] = key.split(/\.(.*)/s);
  if (part !== undefined) return option === 'env' ? (options.env as Variables)?.[part] : origins?.[key];
  const [name] = Object.entries<Option>(INSTALL_TABLE).find(([, row]) => keyOf(row) === key) ?? [];
  if (name !== undefined) return JSON.stringify(options[name]);
  const row = Object.values<Option>(AGENT_TABLE).find((each) => keyOf(each) === key);
  return JSON.stringify(row && (options.agent as Record<string, unknown> | undefined)?.[row.flag]);
}

/** An error that names a flag names the place of the option instead, if that is a package.json. */
export function atOrigin(error: unknown, origins: Origins): unknown {
  if (!(error instanceof LaunchpoolError) || error.code !== 'ERR_LAUNCHPOOL_OPTION_INVALID') return error;
  const rows: readonly Option[] = [...Object.values<Option>(INSTALL_TABLE), ...Object.values<Option>(AGENT_TABLE)];
  const [, flag, rest] = /^--([a-z0-9-]+) ?(.*)$/s.exec(error.message) ?? [];
  const row = rows.find((each) => each.flag === flag);
  const path = row && origins[keyOf(row)];
  if (row !== undefined && path !== undefined) error.message = `launchpool.${keyOf(row)} in ${path}: ${rest}`;
  return error;
}

function without<Value>(
  object: Readonly<Record<string, Value>> | object,
  names: readonly string[],
): Record<string, Value> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** An empty list is what the command line makes of a flag that is not there. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

/** As for Node, a folder `node_modules` ends the search. */
function nearestPackage(module: string): string | undefined {
  for (let at = dirname(module); basename(at) !== 'node_modules'; at = dirname(at)) {
    const path = join(at, 'package.json');
    if (existsSync(path)) return path;
    if (at === dirname(at)) return undefined;
  }
  return undefined;
}

function parse(path: string): unknown {
  try {
    // As npm: a mark at the beginning is allowed.
    return JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `${path} cannot be read: ${toPlain(cause).message}`, {
      cause,
      hint: 'Correct the file: its section "launchpool" has the options of the agent.',
    });
  }
}

function missing(path: string, name: string): LaunchpoolError {
  const message = `launchpool.agents[${JSON.stringify(name)}] in ${path}: there is no such file`;
  const hint = 'Write the path of a module, relative to the folder of the package.json.';
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', message, { hint });
}

/** Paths are relative to the folder of the package.json. */
function absoluteIn(folder: string, options: SectionOptions): SectionOptions {
  const paths = [...Object.values<Option>(INSTALL_TABLE), ...Object.values<Option>(AGENT_TABLE)].flatMap((row) =>
    'value' in row && row.value.kind === 'path' ? [keyOf(row)] : [],
  );
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key,
      paths.includes(key) && typeof value === 'string' ? resolve(folder, value) : value,
    ]),
  );
}
