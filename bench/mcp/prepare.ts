/** Sets up what the question `mcp` starts: an installed agent with its holder, the bridge, and servers beside it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbedded } from '../../src/holder/embedded.ts';
import { installAgent, makePlace } from '../installed/install-agent.ts';
import { builtProgram } from '../installed/program.ts';
import { type Started, start } from '../processes.ts';
import type { Missing, Prepared, PrepareOptions } from '../question.ts';

const LABEL = 'bench.rot13';
const PACKAGES = join(import.meta.dirname, '..', '..', 'packages', 'mcp', 'node_modules');
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

export type McpPrepared = Prepared & {
  /** Starts a server, as a client does. */
  start(kind: string): Started;
  /** The process of the agent, undefined if none runs. */
  agentPid(): Promise<number | undefined>;
};

export async function prepareMcp({ folder }: PrepareOptions): Promise<McpPrepared> {
  const program = await builtProgram();
  const place = await makePlace(join(folder, 'm'));
  const module = join(import.meta.dirname, '..', 'handlers', 'rpc', 'rot13.ts');
  const agent = await installAgent(place, { label: LABEL, module, agent: { idle: '0', 'log-level': 'warn' } });
  const holder = createEmbedded();
  await holder.load(agent.job, []);
  const env = { HOME: place.host.home, XDG_RUNTIME_DIR: place.runtime, XDG_CACHE_HOME: join(folder, 'cache') };
  const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'mcp-launchpool': [process.execPath, program, 'mcp', LABEL],
    'mcp-node': [process.execPath, join(import.meta.dirname, 'node-pipe.mjs')],
    'mcp-sdk': [process.execPath, join(import.meta.dirname, 'sdk-server.mjs')],
  };
  const missing: Missing[] = existsSync(PACKAGES)
    ? []
    : [{ contender: 'mcp-sdk', why: 'not installed: npm ci --prefix packages/mcp' }];
  return {
    missing,
    close: () => holder.close(),
    start: (kind) => start(commands[kind] as readonly [string, ...string[]], env),
    agentPid: async () => {
      const status = await holder.status(LABEL);
      return status.state === 'running' ? status.pid : undefined;
    },
  };
}

/** The line of a request of 2026-07-28. */
export function requestLine(id: number, method: string, params: object = {}): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params: { _meta: META, ...params } })}\n`;
}
