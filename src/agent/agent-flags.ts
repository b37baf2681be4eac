/** Converts the flags of the command line to the options of an agent. */
import { AGENT_TABLE } from '../options/agent-table.ts';
import { type GivenValues, parseOptions } from '../options/parse-options.ts';
import { invalidOption } from '../options/parse-value.ts';
import { readAuthkey } from './authkey-file.ts';
import { moduleUrlOf } from './module-url.ts';
import { AGENT_DEFAULTS, type AgentOptions } from './options.ts';

/**
 * @param given the flags that were given, by name, without their dashes.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function agentOptionsOf(module: string, given: GivenValues): AgentOptions {
  const { authkeyFile, ...flags } = parseOptions(AGENT_TABLE, given);
  const options: AgentOptions = {
    ...AGENT_DEFAULTS,
    ...flags,
    ...(authkeyFile !== undefined && { authkey: readAuthkey(authkeyFile) }),
    modulePath: module,
    moduleUrl: moduleUrlOf(module),
  };
  const { minThreads, threads } = options;
  if (minThreads > threads)
    throw invalidOption(`--min-threads ${minThreads}: more than --threads, which is ${threads}`);
  return options;
}
