/**
 * Streamable HTTP for a bridge on standard streams, as far as @modelcontextprotocol/conformance needs it, which speaks nothing
 * else: each session is a bridge. https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import type { McpClient, Message } from './mcp-agents.ts';

type Posted = Message & { params?: { _meta?: { progressToken?: unknown } } };

/** @returns the URL. */
export async function serveOverHttp(t: ExecutionContext, start: () => McpClient): Promise<string> {
  const sessions = new Map<string, McpClient>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return void response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
    const message = (await json(request)) as Posted;
    const session = String(request.headers['mcp-session-id'] ?? randomUUID());
    const client = sessions.get(session) ?? start();
    sessions.set(session, client);
    if (message.id === undefined || message.method === undefined) {
      client.send(message);
      return void response.writeHead(202).end();
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': session });
    const event = (each: Message): void => void response.write(`event: message\ndata: ${JSON.stringify(each)}\n\n`);
    const token = message.params?._meta?.progressToken;
    const isProgress = ({ method, params }: Message): boolean =>
      method === 'notifications/progress' && params?.progressToken === token;
    const from = client.messages.length;
    client.send(message);
    const last = await client.message(({ id, method }) => id === message.id && method === undefined);
    for (const each of client.messages.slice(from)) if (isProgress(each)) event(each);
    event(last);
    response.end();
  }

  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}
