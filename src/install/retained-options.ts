/** The options of an installation that an upgrade installs again with. */

import type { InstallOptions } from '../installed/install-options.ts';
import { INSTALL_TABLE, type InstallOption } from '../options/install-table.ts';

/** No options of the command line: the module is an argument, and `agent` has the flags of a table of its own. */
type NotInTable = 'module' | 'agent' | 'host';

/** Does not compile while an option of install() is missing in the table, which says whether it is retained. */
const ROWS: Record<Exclude<keyof InstallOptions, NotInTable>, InstallOption> = INSTALL_TABLE;

type Rows = typeof INSTALL_TABLE;
type RetainedKey = { [Key in keyof Rows]: Rows[Key]['isRetained'] extends true ? Key : never }[keyof Rows];
export type RetainedOptions = Pick<InstallOptions, 'agent' | RetainedKey>;

const RETAINED = (Object.keys(ROWS) as (keyof typeof ROWS)[]).filter((key) => ROWS[key].isRetained) as RetainedKey[];

/** In the order of the table, since records are compared as text. */
export function retainedOptions(options: InstallOptions): RetainedOptions {
  return { agent: options.agent, ...Object.fromEntries(RETAINED.map((key) => [key, options[key]])) };
}
