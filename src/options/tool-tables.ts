/** The options of the verbs that write an agent, print its log, watch it, and check it. */
import { JSON_TABLE } from './json-table.ts';
import type { Table } from './option.ts';

export const INIT_TABLE = {
  raw: { flag: 'raw', switch: true, help: 'writes a raw agent: bytes in, bytes out, instead of methods' },
  ...JSON_TABLE,
} as const satisfies Table;

export const LOGS_TABLE = {
  follow: { flag: 'follow', short: 'f', switch: true, help: 'prints new lines as they are written' },
  lines: {
    flag: 'lines',
    short: 'n',
    value: { kind: 'count', min: 0, max: 1_000_000 },
    default: 100,
    help: 'number of lines to print, counted from the end of the log',
  },
  json: {
    flag: 'json',
    switch: true,
    help: 'prints the lines unchanged: JSON, except what child processes and native code print',
  },
} as const satisfies Table;

export const TOP_TABLE = {
  once: { flag: 'once', switch: true, help: 'prints one sample, without the rates that need two, and exits' },
  intervalMs: {
    flag: 'interval',
    value: { kind: 'seconds', min: 0.1, max: 3600 },
    default: 1,
    help: 'time between two samples',
  },
  json: { flag: 'json', switch: true, help: 'prints one JSON object per sample' },
} as const satisfies Table;

export const STATUS_TABLE = {
  options: { flag: 'options', switch: true, help: 'prints every option too, with its value and where it comes from' },
  ...JSON_TABLE,
} as const satisfies Table;

export const DOCTOR_TABLE = {
  fix: { flag: 'fix', switch: true, help: 'repairs what can be repaired' },
  report: {
    flag: 'report',
    switch: true,
    help: 'installs, calls and uninstalls a test agent, and prints what it met as JSON, without names and paths of yours',
  },
  ...JSON_TABLE,
} as const satisfies Table;
