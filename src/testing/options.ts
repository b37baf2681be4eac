/** The options of an agent in a test, and what the holder has to know of them. */

import { agentOptionsOf } from '../agent/agent-flags.ts';
import { AGENT_TABLE } from '../options/agent-table.ts';
import { argumentsOf, type FlagsOf, givenFlagsOf } from '../options/flags.ts';

/**
 * The flags of `launchpool run`, by their names and in their units: `{ threads: 2, 'run-timeout': 0.5 }`. docs/options.md lists
 * them with their values and defaults. Three have other defaults here:
 *
 * - `idle` is 0, which is never: what the module holds in memory stays until the test ends the agent.
 * - `drain` is 1 second, for tests that end while a request is open.
 * - `log-level` is `warn`.
 */
export type AgentFlags = Omit<FlagsOf<typeof AGENT_TABLE>, 'authkey-file' | 'min-uptime'>;

export type TestAgentOptions = AgentFlags & {
  /**
   * Variables of the agent, besides those of the test's process; undefined removes one. An installed agent inherits no
   * variables.
   * @default {}
   */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The working directory of the agent. @default that of the test's process */
  workingDirectory?: string | undefined;
  /** The key that the agent requires. The clients of the test have it. @default no key is required */
  authkey?: Uint8Array | string | undefined;
};

const TEST_DEFAULTS: AgentFlags = { idle: 0, drain: 1, 'log-level': 'warn' };

/** For the start of the process, beyond the time that the module has to load, in milliseconds. */
const START_MS = 30_000;
/** How long threads and Node may take to end after the drain, in milliseconds. */
const END_MS = 5_000;
const HINT = 'See docs/testing.md and docs/options.md.';

export type RunPlan = {
  /** The arguments of `launchpool run` beside the module. */
  args: readonly string[];
  /** The longest time until the module is loaded, in milliseconds. */
  startMs: number;
  /** The longest time for the end of the process, in milliseconds. */
  stopMs: number;
};

/**
 * @param keyFile the file with the authkey, if there is one.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function planRun(module: string, flags: AgentFlags, keyFile: string | undefined): RunPlan {
  const given = givenFlagsOf(AGENT_TABLE, { ...TEST_DEFAULTS, ...flags, 'authkey-file': keyFile }, HINT);
  const { drainMs, cancelGraceMs, loadTimeoutMs } = agentOptionsOf(module, given);
  return { args: argumentsOf(given), startMs: loadTimeoutMs + START_MS, stopMs: drainMs + cancelGraceMs + END_MS };
}
