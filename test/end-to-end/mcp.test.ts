/** Calls of tools: from a client of MCP to an agent, and back. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type AgentHome,
  agentHome,
  callTool,
  descriptionOf,
  holdInstalled,
  initialize,
  LABEL,
  type McpClient,
  MODERN_META,
  type ServedAgent,
  startBridge,
  TOOLS_AGENT,
  writeAgent,
} from '../helpers/mcp-agents.ts';
import { untilWritten } from '../helpers/until.ts';

type Bench = { home: AgentHome; agent: ServedAgent; client: McpClient };

async function createBench(
  t: ExecutionContext,
  { version = '2025-11-25', flags = [] as string[], bridgeFlags = [] as string[] } = {},
): Promise<Bench> {
  t.timeout(120_000);
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  const agent = await holdInstalled(t, home, { flags });
  const client = startBridge(t, home, [...bridgeFlags, LABEL]);
  await initialize(client, version);
  return { home, agent, client };
}

/** The text of a result, or that of the error. */
async function textOf(client: McpClient, name: string, args: object = {}): Promise<string> {
  const { result, error } = await callTool(client, name, args);
  return error?.message ?? result.content[0].text;
}

test('the list of tools starts no agent; the first call does', async (t) => {
  const { agent, client } = await createBench(t);
  await client.request('tools/list');
  t.deepEqual(agent.all('started'), []);
  t.is(await textOf(client, 'add', { a: 2, b: 3 }), '5');
  t.is(agent.all('started').length, 1);
});

test('arguments reach the parameters, results the content', async (t) => {
  const { client } = await createBench(t);
  t.is(await textOf(client, 'add', { a: 2 }), '3');
  t.is(await textOf(client, 'join', { separator: '-', texts: ['a', 'b'] }), 'a-b');
  t.is(await textOf(client, 'greet', { name: 'Ada', polite: true }), 'Good day, Ada');
  t.is(await textOf(client, 'sum', { values: [1, 2, 3] }), '6');
  t.is(
    await textOf(client, 'natives', { data: 'AQID', when: '2026-01-31T12:00:00.000Z', tags: ['a', 'b'] }),
    '3 2026 a,b',
  );
  t.is(await textOf(client, 'nothing'), 'null');
  const { result } = await callTool(client, 'point', { x: 1, y: 2 });
  t.deepEqual(result, { content: [{ type: 'text', text: '{"x":1,"y":2}' }], structuredContent: { x: 1, y: 2 } });
  const points = await callTool(client, 'points', { count: 2 });
  t.deepEqual(points.result, { content: [{ type: 'text', text: '[{"x":0,"y":0},{"x":1,"y":1}]' }] });
  const modern = await callTool(client, 'points', { count: 1 }, MODERN_META);
  t.deepEqual(modern.result.structuredContent, [{ x: 0, y: 0 }]);
  t.is(modern.result.resultType, 'complete');
});

test('pictures are content of their own, other bytes a resource', async (t) => {
  const { client } = await createBench(t);
  const picture = await callTool(client, 'picture');
  t.is(picture.result.content.length, 1);
  t.is(picture.result.content[0].type, 'image');
  t.is(picture.result.content[0].mimeType, 'image/png');
  const framed = await callTool(client, 'framed');
  t.deepEqual(
    framed.result.content.map(({ type }: { type: string }) => type),
    ['text', 'image'],
  );
  t.is(framed.result.structuredContent, undefined);
  const bytes = await callTool(client, 'bytes', { length: 100_000 });
  const [{ type, resource }] = bytes.result.content;
  t.is(type, 'resource');
  t.is(resource.uri, `launchpool:${LABEL}/bytes/1`);
  t.is(Buffer.from(resource.blob, 'base64').length, 100_000);
});

test('the values of a stream come as progress, and as one result', async (t) => {
  const { client } = await createBench(t);
  const { result } = await callTool(client, 'count', { upTo: 4 }, { progressToken: 'p' });
  t.deepEqual(result, { content: [{ type: 'text', text: '[1,2,3,4]' }] });
  const progress = client.messages.filter(({ method }) => method === 'notifications/progress');
  t.deepEqual(
    progress.map(({ params }) => params),
    [1, 2, 3, 4].map((value) => ({ progressToken: 'p', progress: value, message: String(value) })),
  );
  t.is(client.messages.indexOf(progress.at(-1) as never) < client.messages.length - 1, true);
  const quiet = await callTool(client, 'count', { upTo: 2 });
  t.is(quiet.result.content[0].text, '[1,2]');
  t.is(client.messages.filter(({ method }) => method === 'notifications/progress').length, 4);
  t.regex(await textOf(client, 'count', { upTo: 10_001 }), /more than 10000 values/);
  t.is(await textOf(client, 'add', { a: 1 }), '2');
});

test('reports of progress come while they increase', async (t) => {
  const { client } = await createBench(t);
  t.is((await callTool(client, 'steps', {}, { progressToken: 7 })).result.content[0].text, 'done');
  t.deepEqual(
    client.messages.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params),
    [
      { progressToken: 7, progress: 1, total: 3, message: 'one' },
      { progressToken: 7, progress: 2, total: 3, message: 'two' },
      { progressToken: 7, progress: 3, total: 3 },
    ],
  );
});

test('a cancellation reaches the handler, and the request has no response', async (t) => {
  const { home, client } = await createBench(t);
  const [signals, file] = [join(home.folder, 's'), join(home.folder, 'cancelled')];
  const server = createServer().listen(signals);
  t.teardown(() => server.close());
  const started = once(server, 'connection');
  client.send({
    jsonrpc: '2.0',
    id: 'held',
    method: 'tools/call',
    params: { name: 'holds', arguments: { path: signals, file } },
  });
  await started;
  client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'held', reason: 'test' } });
  t.is(await untilWritten(file), 'ERR_LAUNCHPOOL_CANCELLED\n');
  t.is(await textOf(client, 'add', { a: 1 }), '2');
  t.false(client.messages.some(({ id }) => id === 'held'));
  client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'unknown' } });
  t.is(await textOf(client, 'add', { a: 2 }), '3');
});

test('errors are results of the tool, with their text, code and hint', async (t) => {
  const { client } = await createBench(t);
  const { result } = await callTool(client, 'fails', { text: 'too far' });
  t.true(result.isError);
  t.is(result.content[0].text, 'RangeError: too far (E_RANGE)\ndata: {"at":7}');
  t.is(result._meta['launchpool/error'].code, 'E_RANGE');
  const wrong = await callTool(client, 'add', { b: 1 });
  t.true(wrong.result.isError);
  t.regex(wrong.result.content[0].text, /missing arguments: a/);
});

test('up to 2025-06-18, arguments that do not fit are an error of the protocol', async (t) => {
  const { client } = await createBench(t, { version: '2025-06-18' });
  const { error } = await callTool(client, 'add', { b: 1 });
  t.is(error.code, -32602);
  t.regex(error.message, /missing arguments: a/);
  t.true((await callTool(client, 'fails', { text: 'x' })).result.isError);
});

test('a session outlives the idle exits of its agent', async (t) => {
  const { agent, client } = await createBench(t, { flags: ['--idle', '50ms'] });
  const pids = new Set<string>();
  for (let exits = 1; exits <= 5; exits += 1) {
    pids.add(await textOf(client, 'pid'));
    await agent.reached('left', exits);
  }
  t.is(pids.size, 5);
});

test('a call whose agent dies is an error; it is repeated only if the tool is idempotent', async (t) => {
  const { home, client } = await createBench(t);
  const [once_, file] = [join(home.folder, 'a'), join(home.folder, 'b')];
  const { result } = await callTool(client, 'dies', { file: once_, times: 1 });
  t.true(result.isError);
  t.regex(result.content[0].text, /ERR_LAUNCHPOOL_CONNECTION_CLOSED[\s\S]*may have run/);
  t.is(readFileSync(once_, 'utf8'), 'call\n');
  // It dies each time: the last error is the answer.
  const repeated = await callTool(client, 'diesIdempotent', { file, times: 1 });
  t.true(repeated.result.isError);
  t.is(readFileSync(file, 'utf8'), 'call\n'.repeat(3));
  t.regex(await textOf(client, 'pid'), /^\d+$/);
});

test('an agent that cannot start, one that is stopped, and an authkey are errors of the tool', async (t) => {
  t.timeout(120_000);
  const home = await agentHome(t);
  const layout = writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  const client = startBridge(t, home);
  await initialize(client);
  const nothing = await callTool(client, 'pid');
  t.regex(nothing.result.content[0].text, /ERR_LAUNCHPOOL_CONNECT_FAILED/);
  const { writeFileSync, rmSync } = await import('node:fs');
  writeFileSync(layout.stopped, '');
  const stopped = await callTool(client, 'pid');
  t.regex(stopped.result.content[0].text, /is stopped: launchpool start/);
  rmSync(layout.stopped);

  const key = join(home.folder, 'key');
  writeFileSync(key, 'a secret of the user', { mode: 0o600 });
  const locked = await holdInstalled(t, home, { flags: ['--authkey-file', key] });
  const refused = await callTool(client, 'pid');
  t.regex(refused.result.content[0].text, /ERR_LAUNCHPOOL_AUTH_REQUIRED/);
  const allowed = startBridge(t, home, ['--authkey-file', key, LABEL]);
  await initialize(allowed);
  t.regex(await textOf(allowed, 'pid'), /^\d+$/);
  const lost = startBridge(t, home, ['--authkey-file', join(home.folder, 'none'), LABEL]);
  await initialize(lost);
  t.true((await callTool(lost, 'pid')).result.isError);
  await locked.activator.close();
});

test('a module that cannot be loaded is an error of the tool, with the reason', async (t) => {
  t.timeout(120_000);
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  await holdInstalled(t, home, { module: join(home.folder, 'missing.ts') });
  const client = startBridge(t, home);
  await initialize(client);
  const { result } = await callTool(client, 'pid');
  t.true(result.isError);
  t.regex(result.content[0].text, /ERR_LAUNCHPOOL_MODULE_NOT_LOADED/);
});

test('many calls at once have their own results', async (t) => {
  const { agent, client } = await createBench(t);
  const results = await Promise.all(Array.from({ length: 200 }, (_, a) => textOf(client, 'add', { a, b: 1 })));
  t.deepEqual(
    results,
    Array.from({ length: 200 }, (_, a) => String(a + 1)),
  );
  t.is(agent.all('started').length, 1);
});
