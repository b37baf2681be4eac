/** The options of `launchpool mcp`. */
import { CLIENT_TABLE } from './client-table.ts';
import type { Table } from './option.ts';

/** The clients of MCP whose configuration files are known. */
export const MCP_CLIENTS = ['claude-code', 'claude-desktop', 'codex', 'vscode', 'cursor', 'gemini-cli'] as const;

export const MCP_TABLE = {
  config: {
    flag: 'config',
    value: { kind: 'choice', placeholder: 'CLIENT', choices: MCP_CLIENTS },
    defaultText: 'none: serves',
    help: 'prints what the configuration file of a client of MCP needs, and does not serve',
  },
  write: {
    flag: 'write',
    switch: true,
    help: 'with --config: writes it to the file of the client, after a backup',
  },
  name: {
    flag: 'name',
    value: { kind: 'text', placeholder: 'NAME' },
    defaultText: 'the end of the label, or launchpool for several',
    help: 'with --config: the name of the server in the file',
  },
  authkeyFile: CLIENT_TABLE.authkeyFile,
  md5: CLIENT_TABLE.md5,
  serverUid: CLIENT_TABLE.serverUid,
} as const satisfies Table;
