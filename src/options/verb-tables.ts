/** The tables of each verb, in the order of its help; commander's options and docs/options.md are made from them. */
import { AGENT_TABLE } from './agent-table.ts';
import { CALL_TABLE, CLIENT_TABLE } from './client-table.ts';
import { INSTALL_TABLE } from './install-table.ts';
import { JSON_TABLE } from './json-table.ts';
import type { Table } from './option.ts';
import { DEV_TABLE, RUN_TABLE } from './run-table.ts';

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
    help: 'prints the lines unchanged: JSON, except what the module itself prints',
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

export const DOCTOR_TABLE = {
  fix: { flag: 'fix', switch: true, help: 'repairs what can be repaired' },
  ...JSON_TABLE,
} as const satisfies Table;

export const VERB_TABLES = {
  init: [INIT_TABLE],
  dev: [DEV_TABLE, AGENT_TABLE],
  run: [RUN_TABLE, AGENT_TABLE],
  install: [INSTALL_TABLE, AGENT_TABLE],
  upgrade: [JSON_TABLE],
  uninstall: [JSON_TABLE],
  restart: [JSON_TABLE],
  status: [JSON_TABLE],
  list: [JSON_TABLE],
  logs: [LOGS_TABLE],
  doctor: [DOCTOR_TABLE],
  top: [TOP_TABLE],
  reload: [JSON_TABLE],
  metrics: [JSON_TABLE],
  'log-level': [JSON_TABLE],
  call: [CALL_TABLE, CLIENT_TABLE],
  repl: [CLIENT_TABLE],
} as const satisfies Readonly<Record<string, readonly Table[]>>;

export type Verb = keyof typeof VERB_TABLES;
