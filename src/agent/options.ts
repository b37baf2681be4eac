/** The options of a running agent: those of the command line, and the place of its module. */
import type { InspectorOptions } from '../../workers/task.ts';
import { AGENT_TABLE } from '../options/agent-table.ts';
import type { OptionsOf } from '../options/option.ts';
import { defaultsOf } from '../options/parse-options.ts';

/** Each option is described in its row of the table. */
export type AgentOptions = Omit<OptionsOf<typeof AGENT_TABLE>, 'authkeyFile'> & {
  /** The content of the key file; without one, every client that reaches the socket may call. */
  authkey: Uint8Array | undefined;
  /** URL of the agent's module. */
  moduleUrl: string;
  /**
   * The path that the URL was made from. A reload follows its links again.
   * @default undefined: a reload loads the URL
   */
  modulePath: string | undefined;
  /** Whether `launchpool dev` holds the socket. */
  development: boolean;
  /** Whether a debugger may pause the threads, and how it reaches them. */
  inspect: InspectorOptions | undefined;
};

const { authkeyFile: _none, ...defaults } = defaultsOf(AGENT_TABLE);

export const AGENT_DEFAULTS: Omit<AgentOptions, 'moduleUrl'> = {
  ...defaults,
  authkey: undefined,
  modulePath: undefined,
  development: false,
  inspect: undefined,
};
