/** Installed agents without a supervisor, and the bridge that serves them to the test as a client of MCP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import type { Description } from '../../description/description.ts';
import { DESCRIPTION_FILE, descriptionText } from '../../description/description-file.ts';
import { type Activator, type ActivatorEvent, createActivator } from '../../src/holder/activator.ts';
import { hostOf } from '../../src/installed/host.ts';
import { type Layout, layoutOf } from '../../src/installed/layout.ts';
import { ENTRY } from './agent.ts';
import { describedModule, TOOLS_AGENT } from './described.ts';
import { createHistory, type History } from './history.ts';
import { recordInstalled, replaceFile } from './install-record.ts';
import { tempDir } from './temp-dir.ts';

export { TOOLS_AGENT };
export const LABEL = 'com.example.tools';

export type AgentHome = { folder: string; home: string; runtime: string; env: NodeJS.ProcessEnv };

/** The folders of a user, and the environment in which the bridge finds them. */
export async function agentHome(t: ExecutionContext): Promise<AgentHome> {
  const folder = await tempDir(t);
  const [home, runtime] = [join(folder, 'h'), join(folder, 'r')];
  for (const made of [home, runtime]) mkdirSync(made);
  const { XDG_DATA_HOME, ...env } = process.env;
  return {
    folder,
    home,
    runtime,
    env: { ...env, HOME: home, XDG_RUNTIME_DIR: runtime, XDG_CACHE_HOME: join(folder, 'c') },
  };
}

const descriptions = new Map<string, Promise<Description>>();

/** As the compiler of this checkout reads it. */
export function descriptionOf(module: string): Promise<Description> {
  const found = descriptions.get(module) ?? describedModule(module);
  descriptions.set(module, found);
  return found;
}

/** Writes the files of an installed agent. Another version has other files, as after an upgrade. */
export function writeAgent(
  { home, env }: AgentHome,
  label: string,
  description: Description | undefined,
  hash = 'abc',
): Layout {
  const methods = description?.methods.map(({ name }) => name) ?? [];
  const layout = recordInstalled(label, { home, env }, () => ({ hash, methods }));
  mkdirSync(join(layout.versions, hash), { recursive: true });
  if (description !== undefined)
    replaceFile(join(layout.versions, hash, DESCRIPTION_FILE), descriptionText(description));
  return layout;
}

/** The path of the socket of an installed agent. */
export function socketOf({ home, env }: AgentHome, label: string): string {
  return layoutOf(label, hostOf({ home, env })).sockets.agent;
}

export type ServedAgent = Omit<History<ActivatorEvent>, 'add'> & { socketPath: string; activator: Activator };

/** Holds the socket of an agent, which starts with the first connection. */
export async function holdInstalled(
  t: ExecutionContext,
  home: AgentHome,
  {
    label = LABEL,
    module = TOOLS_AGENT,
    flags = [],
  }: { label?: string; module?: string; flags?: readonly string[] } = {},
): Promise<ServedAgent> {
  const socketPath = socketOf(home, label);
  mkdirSync(dirname(socketPath), { recursive: true });
  const { add, ...history } = createHistory<ActivatorEvent>();
  const activator = await createActivator({
    socketPath,
    command: [process.execPath, ENTRY, 'run', module, '--log-level', 'silent', ...flags],
    onEvent: add,
  });
  t.teardown(() => activator.close());
  return { ...history, socketPath, activator };
}

export type Message = {
  id?: string | number;
  method?: string;
  params?: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects is up to the test.
  result?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  error?: any;
};

export type McpClient = {
  child: ChildProcess;
  /** All messages so far. */
  messages: Message[];
  /** Sends a request and resolves with its response. */
  request(method: string, params?: object, id?: string | number): Promise<Message>;
  send(message: object | string): void;
  /** Resolves with the first message for which the function returns true, past or future. */
  message(matches: (message: Message) => boolean): Promise<Message>;
  stderr(): string;
  /** The exit status, or the signal. */
  ended: Promise<number | string | null>;
};

/** Starts the bridge. It ends with the test. */
export function startBridge(
  t: ExecutionContext,
  { env, cwd }: Pick<AgentHome, 'env'> & { cwd?: string },
  args: readonly string[] = [LABEL],
  program: string = ENTRY,
): McpClient {
  const child = spawn(process.execPath, [program, 'mcp', ...args], { env, cwd, stdio: 'pipe' });
  const ended = new Promise<number | string | null>((resolve) => {
    // With the rest of its output.
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const messages: Message[] = [];
  const waiting = new Set<(message: Message) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    messages.push(message);
    for (const check of waiting) check(message);
  });
  child.stdin.on('error', () => undefined);
  let lastId = 0;
  const client: McpClient = {
    child,
    messages,
    send: (message) => void child.stdin.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`),
    message: (matches) =>
      new Promise((resolve) => {
        const found = messages.find(matches);
        if (found !== undefined) return resolve(found);
        const check = (message: Message): void => {
          if (!matches(message)) return;
          waiting.delete(check);
          resolve(message);
        };
        waiting.add(check);
      }),
    request(method, params, id) {
      lastId += 1;
      const own = id ?? lastId;
      client.send({ jsonrpc: '2.0', id: own, method, ...(params && { params }) });
      return client.message((message) => message.id === own && message.method === undefined);
    },
    stderr: () => errors,
    ended,
  };
  return client;
}

/** The `_meta` of a request of 2026-07-28. */
export const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Begins a session of an earlier revision. */
export async function initialize(client: McpClient, protocolVersion = '2025-11-25'): Promise<Message> {
  const answer = await client.request('initialize', {
    protocolVersion,
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  });
  client.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return answer;
}

/** Calls a tool. */
export async function callTool(client: McpClient, name: string, args: object = {}, meta?: object): Promise<Message> {
  return client.request('tools/call', { name, arguments: args, ...(meta && { _meta: meta }) });
}
