/** The clients of the official SDKs, of each revision, with the bridge and an agent. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ENTRY } from '../helpers/agent.ts';
import { agentHome, descriptionOf, holdInstalled, LABEL, TOOLS_AGENT, writeAgent } from '../helpers/mcp-agents.ts';
import { loadMcpOracle } from '../helpers/mcp-oracles.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { until } from '../helpers/until.ts';

const tested = declareWith(test);
const IDLE_EXITS = 3;

type Result = { content: { type: string; text: string }[]; structuredContent?: unknown; isError?: boolean };
type CallOptions = { onprogress?: (progress: { progress: number; message?: string }) => void; signal?: AbortSignal };
type SdkClient = {
  connect(transport: unknown): Promise<void>;
  listTools(): Promise<{ tools: { name: string; annotations?: object }[] }>;
  callTool(params: object, ...options: unknown[]): Promise<Result>;
  close(): Promise<void>;
  getServerVersion(): { name: string } | undefined;
};
type Transport = new (options: object) => unknown;
type Sdk = {
  /** Whether the options of a call stand behind a schema of its result. */
  hasSchema: boolean;
  client: new (info: object, options?: object) => SdkClient;
  transport: Transport;
};

async function sdk1(): Promise<Sdk> {
  const { Client } = await loadMcpOracle<{ Client: Sdk['client'] }>('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await loadMcpOracle<{ StdioClientTransport: Transport }>(
    '@modelcontextprotocol/sdk/client/stdio.js',
  );
  return { hasSchema: true, client: Client, transport: StdioClientTransport };
}

async function sdk2(): Promise<Sdk> {
  const { Client } = await loadMcpOracle<{ Client: Sdk['client'] }>('@modelcontextprotocol/client');
  const { StdioClientTransport } = await loadMcpOracle<{ StdioClientTransport: Transport }>(
    '@modelcontextprotocol/client/stdio',
  );
  return { hasSchema: false, client: Client, transport: StdioClientTransport };
}

const CLIENTS: readonly (readonly [string, () => Promise<Sdk>, object])[] = [
  ['2025-06-18, SDK 2', sdk2, { supportedProtocolVersions: ['2025-06-18'] }],
  ['2025-11-25, SDK 1', sdk1, {}],
  ['2025-11-25, SDK 2', sdk2, {}],
  ['2026-07-28, SDK 2, by itself', sdk2, { versionNegotiation: { mode: 'auto' } }],
  ['2026-07-28, SDK 2, pinned', sdk2, { versionNegotiation: { mode: { pin: '2026-07-28' } } }],
];

type Bench = {
  client: SdkClient;
  agent: Awaited<ReturnType<typeof holdInstalled>>;
  folder: string;
  home: Awaited<ReturnType<typeof agentHome>>;
};

async function connect(
  t: ExecutionContext,
  load: () => Promise<Sdk>,
  options: object,
  flags: string[] = [],
): Promise<Bench> {
  t.timeout(180_000);
  const { client: Client, transport: StdioTransport } = await load();
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  const agent = await holdInstalled(t, home, { flags });
  const client = new Client({ name: 'test', version: '1.0.0' }, options);
  t.teardown(() => client.close());
  await client.connect(
    new StdioTransport({ command: process.execPath, args: [ENTRY, 'mcp', LABEL], env: home.env, stderr: 'inherit' }),
  );
  return { client, agent, folder: home.folder, home };
}

for (const [name, load, options] of CLIENTS) {
  tested(`${name}: lists, calls, gets progress, cancels, and notices no idle exit`, async (t) => {
    const { client, agent, folder } = await connect(t, load, options, ['--idle', '100ms']);
    const { hasSchema } = await load();
    const call = (tool: string, args: object = {}, more: CallOptions = {}): Promise<Result> =>
      client.callTool({ name: tool, arguments: args }, ...(hasSchema ? [undefined, more] : [more]));

    const { tools } = await client.listTools();
    t.true(tools.length > 10);
    t.deepEqual(agent.all('started'), []);
    t.is(client.getServerVersion()?.name, 'launchpool');

    t.is((await call('add', { a: 1, b: 2 })).content[0]?.text, '3');
    t.deepEqual((await call('point', { x: 1, y: 2 })).structuredContent, { x: 1, y: 2 });
    t.is((await call('picture')).content[0]?.type, 'image');
    t.true((await call('fails', { text: 'no' })).isError);
    await t.throwsAsync(call('unknown'), { message: /Unknown tool|unknown/ });
    for (const tool of ['points', 'natives', 'framed', 'bytes', 'nothing', 'greet', 'sum']) {
      const args = {
        points: { count: 2 },
        natives: { data: 'AQID', when: '2026-01-31T12:00:00.000Z', tags: [] },
        bytes: { length: 3 },
        greet: { name: 'Ada' },
        sum: { values: [1] },
      };
      t.falsy((await call(tool, (args as Record<string, object>)[tool])).isError, tool);
    }

    const progress: [done: number, message: string | undefined][] = [];
    // A client may miss reports that it reads together with the response.
    const onprogress: CallOptions['onprogress'] = ({ progress: done, message }) => progress.push([done, message]);
    while (progress.length === 0) t.is((await call('steps', {}, { onprogress })).content[0]?.text, 'done');
    for (const [done, message] of progress) t.is(message, { 1: 'one', 2: 'two' }[done]);
    t.is((await call('count', { upTo: 3 }, { onprogress })).content[0]?.text, '[1,2,3]');

    const [signals, file] = [join(folder, 's'), join(folder, 'cancelled')];
    const server = createServer().listen(signals);
    t.teardown(() => server.close());
    const started = once(server, 'connection');
    const cancel = new AbortController();
    const held = call('holds', { path: signals, file }, { signal: cancel.signal });
    await started;
    cancel.abort('enough');
    await t.throwsAsync(held, undefined);
    await until(() => existsSync(file));

    const exits = agent.all('left').length;
    for (let exit = exits + 1; exit <= exits + IDLE_EXITS; exit += 1) {
      t.is((await call('add', { a: exit, b: 0 })).content[0]?.text, String(exit));
      await agent.reached('left', exit);
    }
  });

  tested(`${name}: hears of an upgrade`, async (t) => {
    let changed: (tools: unknown) => void = () => undefined;
    const heard = new Promise((resolve) => {
      changed = resolve;
    });
    const listChanged = {
      tools: {
        autoRefresh: true,
        debounceMs: 1,
        onChanged: (error: unknown, tools: unknown) => changed(error ?? tools),
      },
    };
    const { client, home } = await connect(t, load, { ...options, listChanged });
    await client.listTools();
    const description = await descriptionOf(TOOLS_AGENT);
    // The subscription of 2026-07-28 may still be on its way.
    let version = 0;
    let isHeard = false;
    heard.finally(() => {
      isHeard = true;
    });
    await until(async () => {
      if (isHeard) return true;
      version += 1;
      writeAgent(
        home,
        LABEL,
        { ...description, methods: description.methods.slice(0, 1 + (version % 5)) },
        `v${version}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 300));
      return false;
    });
    t.true(((await heard) as unknown[]).length >= 1);
  });
}
