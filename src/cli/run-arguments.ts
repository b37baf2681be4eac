/** The arguments of `launchpool run`, parsed without commander: a client waits for the agent to start. */
import { parseArgs } from 'node:util';
import { LaunchpoolError } from '../../wire/errors.ts';
import { agentOptionsOf } from '../agent/agent-flags.ts';
import { AGENT_DEFAULTS, type AgentOptions } from '../agent/options.ts';
import { AGENT_TABLE } from '../options/agent-table.ts';
import { NATS_TABLE } from '../options/nats-table.ts';
import type { GivenOf, Table } from '../options/option.ts';
import { type GivenValues, parseOptions } from '../options/parse-options.ts';
import { RUN_TABLE } from '../options/run-table.ts';
import type { ProfileOptions } from '../profiles/thread-profiles.ts';

export type RunArguments = {
  options: AgentOptions;
  label: string | undefined;
  /** The file behind standard error, if the agent has to limit its size. */
  logFile: string | undefined;
  /** The profiles of threads that are to be written. */
  profiles: ProfileOptions | undefined;
  /** How the agent serves on NATS too, if it does. */
  nats: GivenOf<typeof NATS_TABLE> | undefined;
  /** The error in the arguments, if there is one. */
  unfit?: LaunchpoolError;
};

/**
 * Returns an error in the arguments instead of throwing it: under a supervisor the agent starts anyway and reports the
 * error to its clients. If it exited before it accepted their connections, the supervisor would start it again forever.
 */
export function readArguments(args: readonly string[]): RunArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: parseArgsOptions(RUN_TABLE, NATS_TABLE, AGENT_TABLE),
    });
    const [module, ...rest] = positionals;
    if (module === undefined || rest.length > 0) throw new Error('`run` takes one module');
    const given = values as GivenValues;
    const { label, logFile, development = false, ...debugging } = parseOptions(RUN_TABLE, given);
    const { inspect: port, inspectWait: waits = false, cpuProf = false, heapProf = false, profPrefix } = debugging;
    const service = parseOptions(NATS_TABLE, given);
    const nats = service.nats === undefined ? undefined : service;
    const options = agentOptionsOf(module, given);
    options.development = development;
    // Its instances are known by name, and nothing would start one.
    if (nats !== undefined) options.idleMs = 0;
    if (port !== undefined) options.inspect = { port, waits };
    const kinds = [...(cpuProf ? (['cpu'] as const) : []), ...(heapProf ? (['heap'] as const) : [])];
    const profiles = profPrefix === undefined || kinds.length === 0 ? undefined : { kinds, prefix: profPrefix };
    return { options, label, logFile, profiles, nats };
  } catch (cause) {
    const unfit = wrongUsage(cause);
    const options = { ...AGENT_DEFAULTS, moduleUrl: '' };
    return { options, label: undefined, logFile: undefined, profiles: undefined, nats: undefined, unfit };
  }
}

function parseArgsOptions(...tables: Table[]): Record<string, { type: 'string' | 'boolean' }> {
  const options: Record<string, { type: 'string' | 'boolean' }> = {};
  for (const table of tables) {
    for (const row of Object.values(table)) options[row.flag] = { type: 'value' in row ? 'string' : 'boolean' };
  }
  return options;
}

function wrongUsage(cause: unknown): LaunchpoolError {
  if (cause instanceof LaunchpoolError) return cause;
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', (cause as Error).message, {
    cause,
    hint: 'See `launchpool help run`.',
  });
}
