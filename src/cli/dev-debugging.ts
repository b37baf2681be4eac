/** What the options of `launchpool dev` for an inspector and for profiles mean for the agent. */
import { join, resolve } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import type { GivenOf } from '../options/option.ts';
import type { GivenValues } from '../options/parse-options.ts';
import { invalidOption } from '../options/parse-value.ts';
import type { DEV_TABLE } from '../options/run-table.ts';

/** Options of the agent that suit a debugger: one thread, no exit while it is attached, and a short end when it is paused. */
const INSPECTED: GivenValues = { threads: '1', idle: '0', drain: '1' };
const INSPECTED_NOTE =
  'for the debugger: one thread and no idle exit unless told otherwise; no thread is replaced for being paused';

export type Debugging = {
  /** The options of the agent that hold unless others are given. */
  defaults: GivenValues;
  /** What `launchpool run` is told. */
  args: string[];
  /** Flags of Node for the agent. */
  nodeFlags: string[];
  /** Whether the agent starts before the first connection, so that a debugger can attach. */
  startsAtOnce: boolean;
  /** For the developer. */
  notes: string[];
};

/**
 * @param given of the agent.
 * @param name begins the names of profiles.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function debuggingOf(options: GivenOf<typeof DEV_TABLE>, given: GivenValues, name: string): Debugging {
  const { inspect, inspectWait } = options;
  const args = profileArgs(options, name);
  const port = inspectWait || inspect || (inspectWait ?? inspect);
  if (port === undefined) return { defaults: {}, args, nodeFlags: [], startsAtOnce: false, notes: [] };
  const minThreads = given['min-threads'];
  return {
    defaults: minThreads === undefined ? INSPECTED : { ...INSPECTED, threads: minThreads },
    args: [...args, '--inspect', String(port), ...(inspectWait === undefined ? [] : ['--inspect-wait'])],
    // Node would write lines of its own about each port.
    nodeFlags: ['--inspect-publish-uid=http'],
    startsAtOnce: true,
    notes: [INSPECTED_NOTE],
  };
}

function profileArgs({ cpuProf, heapProf, profDir }: GivenOf<typeof DEV_TABLE>, name: string): string[] {
  const kinds = [...(cpuProf ? ['--cpu-prof'] : []), ...(heapProf ? ['--heap-prof'] : [])];
  if (kinds.length === 0) {
    if (profDir === undefined) return [];
    throw invalidOption(`--prof-dir ${profDir}: there is no profile to write`, 'Add --cpu-prof or --heap-prof.');
  }
  const folder = resolve(profDir ?? '.');
  try {
    makeFolder(folder);
  } catch (cause) {
    const { message } = cause as Error;
    throw invalidOption(`--prof-dir ${folder}: ${message}`, 'Name a folder that you may write.', cause);
  }
  return [...kinds, '--prof-prefix', join(folder, name)];
}
