/** Where the clients of MCP have the servers of a user in their configuration, by their documentation. */
import { join } from 'node:path';
import type { MCP_CLIENTS } from '../../options/mcp-table.ts';

export type McpClient = (typeof MCP_CLIENTS)[number];

export type ClientFile = {
  /** Its name for people. */
  title: string;
  path: string;
  format: 'json' | 'toml';
  /** The key below which the servers stand, by their names. */
  section: string;
  /** Whether an entry says that it is a server on standard streams. */
  hasType: boolean;
};

export type ClientPlace = {
  platform: NodeJS.Platform;
  home: string;
  env: Readonly<Record<string, string | undefined>>;
};

export function clientFile(client: McpClient, place: ClientPlace): ClientFile {
  const { home, env } = place;
  const servers = { format: 'json', section: 'mcpServers', hasType: false } as const;
  switch (client) {
    // https://code.claude.com/docs/en/mcp, the scope of the user
    case 'claude-code':
      return {
        ...servers,
        title: 'Claude Code',
        path: join(absolute(env.CLAUDE_CONFIG_DIR) ?? home, '.claude.json'),
        hasType: true,
      };
    // https://modelcontextprotocol.io/docs/develop/connect-local-servers
    case 'claude-desktop':
      return {
        ...servers,
        title: 'Claude Desktop',
        path: join(applicationFolder(place), 'Claude', 'claude_desktop_config.json'),
      };
    // https://developers.openai.com/codex/mcp
    case 'codex':
      return {
        title: 'Codex',
        path: join(absolute(env.CODEX_HOME) ?? join(home, '.codex'), 'config.toml'),
        format: 'toml',
        section: 'mcp_servers',
        hasType: false,
      };
    // https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
    case 'vscode':
      return {
        title: 'VS Code',
        path: join(applicationFolder(place), 'Code', 'User', 'mcp.json'),
        format: 'json',
        section: 'servers',
        hasType: true,
      };
    // https://cursor.com/docs/mcp
    case 'cursor':
      return { ...servers, title: 'Cursor', path: join(home, '.cursor', 'mcp.json') };
    // https://geminicli.com/docs/tools/mcp-server
    case 'gemini-cli':
      return { ...servers, title: 'Gemini CLI', path: join(home, '.gemini', 'settings.json') };
  }
}

/** As Electron has it. */
function applicationFolder({ platform, home, env }: ClientPlace): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  return absolute(env.XDG_CONFIG_HOME) ?? join(home, '.config');
}

function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}
