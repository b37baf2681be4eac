/** The entry of the bundle of `launchpool mcp`. The whole command line answers `--config`, and serves services on NATS. */
import { isServiceTarget } from '../../../wire/address.ts';
import { MCP_TABLE } from '../../options/mcp-table.ts';
import { mcp } from '../verbs/mcp.ts';
import { quickVerb } from './quick-verb.ts';

export const { tables, start } = quickVerb([MCP_TABLE], ({ words, flags }) =>
  words.length === 0 ||
  words.some(isServiceTarget) ||
  flags.config !== undefined ||
  flags.write ||
  flags.name !== undefined
    ? undefined
    : mcp(words, flags),
);
