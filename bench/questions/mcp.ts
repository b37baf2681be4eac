/** How long does an AI client wait for the list of tools, and what memory do its servers take? */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type McpPrepared, prepareMcp, requestLine } from '../mcp/prepare.ts';
import type { Sample } from '../measure.ts';
import type { Started } from '../processes.ts';
import { type Cell, type Question, question } from '../question.ts';
import { MCP_KINDS } from '../question-line-up.ts';
import { residentBytes } from '../resident.ts';
import { figure } from '../results.ts';
import { numberText, ratioText } from '../text.ts';

const LIST = 'tools/list';
const CLIENTS: Readonly<Record<string, number>> = { '1 client': 1, '10 clients': 10 };
const MIB = 2 ** 20;
/** Freed memory is returned to the system some time later, if at all. */
const SETTLE_MS = 1_000;

export const mcp: Question = question<Cell, McpPrepared>({
  name: 'mcp',
  asks: 'How long does an AI client wait for the list of tools, and what memory do its servers take?',
  note:
    '`mcp-launchpool` is `launchpool mcp` for an agent with one method, `mcp-sdk` a server with the same tool by the official ' +
    'SDK, `mcp-node` a Node that answers a line with a line. The time is from the start of the process to its first line. ' +
    'The memory is that of all processes after a call by each client: of launchpool one bridge a client, and one agent.',
  mode: 'rpc',
  handler: 'rot13',
  cells: [
    { name: LIST, quick: true },
    { name: '1 client', without: ['mcp-node'], quick: true },
    { name: '10 clients', without: ['mcp-node'] },
  ],
  kinds: MCP_KINDS,
  quickKinds: MCP_KINDS,
  quickRounds: 1,
  alone: true,
  times: 3,
  prepare: prepareMcp,
  async measure({ cell: { name }, kind }, prepared): Promise<Sample> {
    return name === LIST ? timeToList(kind, prepared) : memoryOf(kind, CLIENTS[name] as number, prepared);
  },
  ratios: [
    { field: 'ratioToNode', of: 'ms', to: 'mcp-node' },
    { field: 'ratioToSdk', of: 'totalMiB', to: 'mcp-sdk' },
  ],
  columns: [
    { field: 'ms', title: 'time to the list', unit: 'ms' },
    { field: 'ratioToNode', title: '/ bare Node', unit: 'ratio' },
    { field: 'totalMiB', title: 'memory of all', unit: 'mib' },
    { field: 'serverMiB', title: 'of each server', unit: 'mib' },
    { field: 'ratioToSdk', title: '/ SDK', unit: 'ratio' },
  ],
  chart: { field: 'ms', title: 'time to the list of tools', unit: 'ms', logarithmic: false },
  answer(results) {
    const of = (cell: string, kind: string, field: string): number => figure(results, cell, kind, field) ?? Number.NaN;
    const ms = (kind: string): string => numberText(of(LIST, kind, 'ms'), 'ms');
    const mib = (cell: string, kind: string): string => numberText(of(cell, kind, 'totalMiB'), 'mib');
    return (
      `\`launchpool mcp\` lists its tools after ${ms('mcp-launchpool')}, ${ratioText(of(LIST, 'mcp-launchpool', 'ratioToNode'))} ` +
      `a bare Node, and a server by the SDK after ${ms('mcp-sdk')}. With ten clients, all processes of launchpool take ` +
      `${mib('10 clients', 'mcp-launchpool')}, and ten servers by the SDK ${mib('10 clients', 'mcp-sdk')}.`
    );
  },
});

async function timeToList(kind: string, { start }: McpPrepared): Promise<Sample> {
  const begin = performance.now();
  const server = start(kind);
  server.child.stdin?.write(requestLine(1, 'tools/list'));
  await server.firstLine;
  const ms = performance.now() - begin;
  await end(server);
  return { ms };
}

async function memoryOf(kind: string, clients: number, { start, agentPid }: McpPrepared): Promise<Sample> {
  const servers = Array.from({ length: clients }, () => start(kind));
  try {
    for (const server of servers) {
      server.child.stdin?.write(requestLine(1, 'tools/call', { name: 'rot13', arguments: { text: 'Hello' } }));
      await server.firstLine;
    }
    await wait(SETTLE_MS);
    const own = servers.map(({ child }) => residentBytes(child.pid as number) / MIB);
    const agent = kind === 'mcp-launchpool' ? await agentPid() : undefined;
    const sum = own.reduce((total, each) => total + each, 0);
    return {
      totalMiB: sum + (agent === undefined ? 0 : residentBytes(agent) / MIB),
      serverMiB: Math.max(...own),
    };
  } finally {
    for (const server of servers) await end(server);
  }
}

async function end({ child, close }: Started): Promise<void> {
  const exited = child.exitCode === null ? once(child, 'exit') : undefined;
  child.stdin?.end();
  await Promise.race([exited, wait(SETTLE_MS)]);
  await close();
}
