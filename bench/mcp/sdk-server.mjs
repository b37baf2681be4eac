// A server of one tool, as the official SDK has it: what an AI client starts once for each server and session.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { resolve } = createRequire(new URL('../../packages/mcp/package.json', import.meta.url));
const load = (name) => import(pathToFileURL(resolve(name).replace(/\.cjs$/, '.mjs')).href);
const { McpServer, fromJsonSchema } = await load('@modelcontextprotocol/server');
const { serveStdio } = await load('@modelcontextprotocol/server/stdio');

const turned = (c) => String.fromCharCode(c.charCodeAt(0) + (c.toLowerCase() < 'n' ? 13 : -13));

serveStdio(() => {
  const server = new McpServer({ name: 'rot13', version: '1.0.0' });
  const inputSchema = fromJsonSchema({ type: 'object', properties: { text: { type: 'string' } }, required: ['text'] });
  server.registerTool('rot13', { description: 'Rotates letters.', inputSchema }, async ({ text }) => ({
    content: [{ type: 'text', text: text.replace(/[a-z]/gi, turned) }],
  }));
  return server;
});
