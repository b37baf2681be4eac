/** The tables of each verb, in the order of its help; docs/options.md is made from them. */
import { AGENT_TABLE } from './agent-table.ts';
import { CALL_TABLE, CLIENT_TABLE, DESCRIBE_TABLE } from './client-table.ts';
import { INSTALL_TABLE } from './install-table.ts';
import { JSON_TABLE } from './json-table.ts';
import { MCP_TABLE } from './mcp-table.ts';
import { NATS_TABLE } from './nats-table.ts';
import type { Table } from './option.ts';
import { DEV_TABLE, RUN_TABLE } from './run-table.ts';
import { DOCTOR_TABLE, INIT_TABLE, LOGS_TABLE, STATUS_TABLE, TOP_TABLE } from './tool-tables.ts';
import { UPGRADE_TABLE } from './upgrade-table.ts';

export const VERB_TABLES = {
  init: [INIT_TABLE],
  dev: [DEV_TABLE, AGENT_TABLE],
  serve: [NATS_TABLE, AGENT_TABLE],
  run: [RUN_TABLE, NATS_TABLE, AGENT_TABLE],
  install: [INSTALL_TABLE, AGENT_TABLE],
  upgrade: [UPGRADE_TABLE],
  versions: [JSON_TABLE],
  rollback: [JSON_TABLE],
  uninstall: [JSON_TABLE],
  stop: [JSON_TABLE],
  start: [JSON_TABLE],
  restart: [JSON_TABLE],
  status: [STATUS_TABLE],
  list: [JSON_TABLE],
  path: [JSON_TABLE],
  env: [JSON_TABLE],
  logs: [LOGS_TABLE],
  doctor: [DOCTOR_TABLE],
  top: [TOP_TABLE],
  reload: [JSON_TABLE],
  metrics: [JSON_TABLE],
  'log-level': [JSON_TABLE],
  describe: [DESCRIBE_TABLE],
  call: [CALL_TABLE, CLIENT_TABLE],
  repl: [CLIENT_TABLE],
  mcp: [MCP_TABLE],
  completion: [],
} as const satisfies Readonly<Record<string, readonly Table[]>>;

export type Verb = keyof typeof VERB_TABLES;
