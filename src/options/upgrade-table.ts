/** The options of `upgrade`. */
import { INSTALL_TABLE } from './install-table.ts';
import { JSON_TABLE } from './json-table.ts';
import type { Table } from './option.ts';

export const UPGRADE_TABLE = {
  all: { flag: 'all', switch: true, help: 'upgrades every installed agent whose sources have changed' },
  keep: { ...INSTALL_TABLE.keep, defaultText: 'as before' },
  ...JSON_TABLE,
} as const satisfies Table;
