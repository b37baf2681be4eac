/** The verb that serves agents to clients of MCP. */
import type { Command } from 'commander';
import { MCP_TABLE } from '../../options/mcp-table.ts';
import { addVerb, type Done } from './shared.ts';

export function addMcpCommand(program: Command, done: Done): void {
  addVerb(program, 'mcp', MCP_TABLE)
    .description(
      'Serves the methods of installed agents as tools of the Model Context Protocol: on standard input and output, for the\n' +
        'client that has started it, until that client ends. The list of tools comes from files; the first call of a tool\n' +
        'starts its agent.',
    )
    .argument('<labels...>', 'the labels of installed agents, and nats://HOST/NAME for services on NATS')
    .addHelpText(
      'after',
      '\nExamples:\n  launchpool mcp --config codex --write com.example.rot13\n  launchpool mcp com.example.rot13 com.example.format',
    )
    .action(async (labels, flags) => {
      if (flags.config !== undefined || flags.write || flags.name !== undefined) {
        const { mcpConfig } = await import('../verbs/mcp-config.ts');
        return done(await mcpConfig(labels, flags));
      }
      const { mcp } = await import('../verbs/mcp.ts');
      done(await mcp(labels, flags));
    });
}
