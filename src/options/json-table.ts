/** The option of verbs that print one result. */
import type { Table } from './option.ts';

export const JSON_TABLE = {
  json: { flag: 'json', switch: true, help: 'prints one JSON object with a result or an error' },
} as const satisfies Table;
