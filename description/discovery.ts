/** What an agent says of its methods while it runs. A thread loads this file with the first request that needs it. */
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { similarTo } from '../wire/suggestion.ts';
import type { Description } from './description.ts';
import { readDescription } from './description-file.ts';
import { onlyMethods } from './only-methods.ts';
import { type OpenRpcDocument, openRpc, versionOf } from './open-rpc.ts';

export { type ArgumentErrors, createArgumentErrors } from './argument-error.ts';

/** The methods of a module that is loaded. */
export type LoadedMethods = {
  /** Undefined for methods that have no file. */
  moduleUrl: string | undefined;
  exported: Readonly<Record<string, unknown>>;
  methods: ReadonlySet<string>;
};

const WITHOUT_FILE: Description = {
  format: 1,
  reason: 'the agent has no file with the description of its methods',
  methods: [],
  $defs: {},
  notes: [],
};
/** Longer names are no misspelt ones, and the search takes time. */
const MAX_NAME = 100;

/**
 * The result of `rpc.discover`. The file is read each time: `dev` writes it after the module is loaded, and `install` may
 * write it again while the agent runs.
 */
export function discover({ moduleUrl, exported, methods }: LoadedMethods): OpenRpcDocument {
  const module = moduleUrl?.startsWith('file:') ? fileURLToPath(moduleUrl) : undefined;
  const found = (module === undefined ? undefined : descriptionAbove(module)) ?? WITHOUT_FILE;
  const description = onlyMethods(
    found,
    [...methods].map((name) => ({ name, arity: arityOf(exported[name]) })),
  );
  const title = description.package?.name ?? basename(module ?? moduleUrl ?? 'agent').replace(/(\.agent)?\.\w+$/, '');
  return openRpc(description, { title, version: versionOf(description) });
}

/** What a caller can do about a name that is no method. */
export function hintFor(name: string, methods: readonly string[]): string {
  const list = methods.join(', ');
  const similar = name.length > MAX_NAME ? undefined : similarTo(name, methods);
  return similar === undefined ? `Call one of its methods: ${list}.` : `Did you mean ${similar}? Its methods: ${list}.`;
}

/** In the nearest folder above the module that has one: the root of its version. */
function descriptionAbove(module: string): Description | undefined {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const found = readDescription(folder);
    if (found !== undefined || folder === dirname(folder)) return found;
  }
}

function arityOf(method: unknown): number {
  return typeof method === 'function' ? method.length : 0;
}
