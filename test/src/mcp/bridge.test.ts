/** The server of MCP as a process: its revisions, its list of tools and its errors. No agent starts. */
import { rmSync } from 'node:fs';
import test from 'ava';
import type { Description } from '../../../description/description.ts';
import {
  agentHome,
  callTool,
  descriptionOf,
  initialize,
  LABEL,
  type Message,
  MODERN_META,
  startBridge,
  TOOLS_AGENT,
  writeAgent,
} from '../../helpers/mcp-agents.ts';

let description: Description;
test.before(async (t) => {
  t.timeout(120_000);
  description = await descriptionOf(TOOLS_AGENT);
});

type Tool = {
  name: string;
  title?: string;
  description: string;
  inputSchema: object;
  outputSchema?: object;
  annotations?: object;
};

function toolIn({ result }: Message, name: string): Tool {
  const found = (result.tools as Tool[]).find((tool) => tool.name === name);
  if (found === undefined) throw new Error(`no tool ${name}`);
  return found;
}

for (const [asked, answered] of [
  ['2025-06-18', '2025-06-18'],
  ['2025-11-25', '2025-11-25'],
  ['2026-07-28', '2025-11-25'],
  ['2024-11-05', '2025-11-25'],
] as const) {
  test(`initialize with ${asked} is answered with ${answered}`, async (t) => {
    const home = await agentHome(t);
    writeAgent(home, LABEL, description);
    const client = startBridge(t, home);
    const { result } = await initialize(client, asked);
    t.is(result.protocolVersion, answered);
    t.deepEqual(result.capabilities, { tools: { listChanged: true } });
    t.is(result.serverInfo.name, 'launchpool');
    t.is(result.serverInfo.title, LABEL);
    t.deepEqual((await client.request('ping')).result, {});
    const list = await client.request('tools/list', {});
    t.is(list.result.resultType, undefined);
    t.is(toolIn(list, 'points').outputSchema, undefined);
    t.is((toolIn(list, 'point').outputSchema as { type: string }).type, 'object');
    t.is((await client.request('server/discover')).error.code, -32601);
    t.is((await client.request('logging/setLevel', { level: 'info' })).error.code, -32601);
    t.is(client.stderr(), '');
  });
}

test('2026-07-28 needs no session', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, description);
  const client = startBridge(t, home);
  const discovered = await client.request('server/discover', { _meta: MODERN_META });
  t.deepEqual(discovered.result.supportedVersions, ['2026-07-28']);
  t.is(discovered.result.resultType, 'complete');
  t.is(discovered.result._meta['io.modelcontextprotocol/serverInfo'].name, 'launchpool');
  t.true(discovered.result.ttlMs >= 0);
  const list = await client.request('tools/list', { _meta: MODERN_META });
  t.is(list.result.resultType, 'complete');
  t.true(Number.isInteger(list.result.ttlMs));
  t.is(list.result.cacheScope, 'private');
  t.is((toolIn(list, 'points').outputSchema as { type: string }).type, 'array');
  for (const method of ['ping', 'logging/setLevel', 'resources/list', 'toString'])
    t.is((await client.request(method, { _meta: MODERN_META })).error.code, -32601, method);
});

test('requests that no revision allows have errors', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, description);
  const client = startBridge(t, home);
  t.is((await client.request('tools/list')).error.code, -32602);
  const version = { ...MODERN_META, 'io.modelcontextprotocol/protocolVersion': '1900-01-01' };
  const { error } = await client.request('tools/list', { _meta: version });
  t.is(error.code, -32022);
  t.deepEqual(error.data, { supported: ['2026-07-28'], requested: '1900-01-01' });
  client.send('not JSON\n[]\n');
  await client.message((message) => message.error?.code === -32700);
  await client.message((message) => message.error?.code === -32600);
  t.is((await client.request('tools/list', { _meta: MODERN_META, cursor: 'x' })).error.code, -32602);
  t.is((await client.request('tools/call', { _meta: MODERN_META })).error.code, -32602);
  t.is((await client.request('tools/call', { _meta: MODERN_META, name: 'add', arguments: [1] })).error.code, -32602);
  const unknown = await client.request('tools/call', { _meta: MODERN_META, name: 'secret', arguments: {} });
  t.is(unknown.error.code, -32602);
  t.is(unknown.error.message, 'Unknown tool: secret');
});

test('tools have the texts, the tags and the schemas of the methods, in one order', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, description);
  const client = startBridge(t, home);
  await initialize(client);
  const list = await client.request('tools/list');
  const names = (list.result.tools as Tool[]).map(({ name }) => name);
  t.deepEqual(names, [...names].sort());
  t.false(names.includes('secret'));
  const add = toolIn(list, 'add');
  t.is(add.title, 'Add two numbers');
  t.is(add.description, 'Adds two numbers.\n\nReturns: their sum');
  t.deepEqual(add.annotations, { readOnlyHint: true, openWorldHint: false });
  t.deepEqual(toolIn(list, 'point').annotations, { idempotentHint: true });
  t.regex(toolIn(list, 'pid').description, /^pid\(\)/);
  t.deepEqual((await client.request('tools/list')).result, list.result);
});

test('of several agents, the label stands in front, and methods with the tag @mcp tool are the only ones', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, 'com.example.a', description);
  const chosen = description.methods.map((method) =>
    method.name === 'pid' ? { ...method, mcp: { isTool: true as const } } : method,
  );
  writeAgent(home, 'com.example.b', { ...description, methods: chosen });
  const client = startBridge(t, home, ['com.example.a', 'com.example.b']);
  const { result } = await client.request('tools/list', { _meta: MODERN_META });
  const names = (result.tools as Tool[]).map(({ name }) => name);
  t.true(names.includes('com_example_a__add'));
  t.deepEqual(
    names.filter((name) => name.startsWith('com_example_b')),
    ['com_example_b__pid'],
  );
});

test('two methods with one name, a label twice, and what is no label end the bridge at its start', async (t) => {
  const home = await agentHome(t);
  const [method] = description.methods;
  const twice = ['a$b', 'a_b'].map((name) => ({ ...method, name })) as Description['methods'];
  writeAgent(home, LABEL, { ...description, methods: twice });
  for (const [args, status, text] of [
    [[LABEL], 78, /a\$b of .* and a_b of .* would both be the tool a_b/],
    [['a.b', 'a.b'], 64, /a\.b is given twice/],
    [['not a label'], 64, /not a label/],
    [[], 64, /labels/],
    [['--write', LABEL], 64, /--config/],
  ] as const) {
    const client = startBridge(t, home, args);
    t.is(await client.ended, status);
    t.regex(client.stderr(), text);
    t.deepEqual(client.messages, []);
  }
});

test('an agent that is not installed is an error of the list and of its tools, and the bridge serves it later', async (t) => {
  const home = await agentHome(t);
  const client = startBridge(t, home);
  await initialize(client);
  const { error } = await client.request('tools/list');
  t.is(error.code, -32603);
  t.regex(error.message, /no agent is installed as com\.example\.tools/);
  t.is(error.data.code, 'ERR_LAUNCHPOOL_NOT_INSTALLED');
  const called = await callTool(client, 'add', { a: 1 });
  t.true(called.result.isError);
  t.regex(called.result.content[0].text, /no agent is installed .*\n.*launchpool install/);
  t.regex(client.stderr(), /no agent is installed/);
  writeAgent(home, LABEL, description);
  await client.message(({ method }) => method === 'notifications/tools/list_changed');
  t.true((await client.request('tools/list')).result.tools.length > 10);
});

test('with several agents, those that are installed are served', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, description);
  const client = startBridge(t, home, [LABEL, 'com.example.missing']);
  await initialize(client);
  t.true((await client.request('tools/list')).result.tools.length > 10);
  const called = await callTool(client, 'com_example_missing__x');
  t.regex(called.result.content[0].text, /no agent is installed as com\.example\.missing/);
  t.is((await callTool(client, 'com_example_tools__x')).error.code, -32602);
});

test('an upgrade and an uninstallation are announced, once each', async (t) => {
  const home = await agentHome(t);
  const layout = writeAgent(home, LABEL, description, 'one');
  const client = startBridge(t, home);
  await initialize(client);
  const before = await client.request('tools/list');
  const changes = (): Message[] =>
    client.messages.filter(({ method }) => method === 'notifications/tools/list_changed');
  const announced = (count: number): Promise<Message> => client.message(() => changes().length >= count);

  // As an installation does it: the description comes last.
  writeAgent(home, LABEL, undefined, 'two');
  t.deepEqual((await client.request('tools/list')).result, before.result);
  writeAgent(home, LABEL, { ...description, methods: description.methods.slice(0, 3) }, 'two');
  await announced(1);
  const after = await client.request('tools/list');
  t.is(after.result.tools.length, 3);
  t.notDeepEqual(after.result, before.result);

  rmSync(layout.folder, { recursive: true });
  await announced(2);
  t.is((await client.request('tools/list')).error.data.code, 'ERR_LAUNCHPOOL_NOT_INSTALLED');
  t.is(changes().length, 2);
});

test('a subscription of 2026-07-28 gets what it has asked for, until it is cancelled', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, description, 'one');
  const client = startBridge(t, home);
  const listen = (id: string, notifications: object): void =>
    client.send({ jsonrpc: '2.0', id, method: 'subscriptions/listen', params: { _meta: MODERN_META, notifications } });
  const key = 'io.modelcontextprotocol/subscriptionId';
  const of = (id: string, method: string) => (message: Message) =>
    message.method === method && Object(message.params?._meta)[key] === id;

  listen('tools', { toolsListChanged: true, promptsListChanged: true });
  const acknowledged = await client.message(of('tools', 'notifications/subscriptions/acknowledged'));
  t.deepEqual(acknowledged.params?.notifications, { toolsListChanged: true });
  listen('others', { promptsListChanged: true });
  const other = await client.message(of('others', 'notifications/subscriptions/acknowledged'));
  t.deepEqual(other.params?.notifications, {});
  listen('gone', { toolsListChanged: true });
  await client.message(of('gone', 'notifications/subscriptions/acknowledged'));
  client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'gone' } });
  t.is((await client.request('subscriptions/listen', { _meta: MODERN_META })).error.code, -32602);

  writeAgent(home, LABEL, { ...description, methods: [] }, 'two');
  await client.message(of('tools', 'notifications/tools/list_changed'));
  await client.request('server/discover', { _meta: MODERN_META });
  const ids = client.messages
    .filter(({ method }) => method === 'notifications/tools/list_changed')
    .map(({ params }) => params?._meta);
  t.deepEqual(ids, [{ [key]: 'tools' }]);

  client.child.kill('SIGTERM');
  t.is(await client.ended, 0);
  const closed = client.messages.filter(
    ({ id, result }) =>
      result?.resultType === 'complete' && id !== undefined && ['tools', 'others', 'gone'].includes(String(id)),
  );
  t.deepEqual(closed.map(({ id }) => id).sort(), ['others', 'tools']);
});

test('a second request with an id that is open is refused, and the first one is answered', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, description);
  const client = startBridge(t, home);
  client.send({
    jsonrpc: '2.0',
    id: 'x',
    method: 'subscriptions/listen',
    params: { _meta: MODERN_META, notifications: {} },
  });
  await client.message(({ method }) => method === 'notifications/subscriptions/acknowledged');
  const { error } = await client.request('server/discover', { _meta: MODERN_META }, 'x');
  t.is(error.code, -32600);
});

test('an unbuilt, an undescribed and a raw agent are errors that say what to do', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, undefined);
  const client = startBridge(t, home);
  await initialize(client);
  t.regex(
    (await client.request('tools/list')).error.message,
    /has no description.*launchpool upgrade com\.example\.tools/,
  );
  t.regex((await callTool(client, 'add')).result.content[0].text, /has no description/);
});
