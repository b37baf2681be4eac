// The floor: a Node that answers its first line with a line, and knows nothing of MCP.
process.stdin.once('data', () => process.stdout.write('{}\n'));
