/** The status of an installed agent, in a line or a few. */
import type { AgentStatus } from '../control/status.ts';

const HEALTHY: ReadonlySet<AgentStatus['state']> = new Set(['idle', 'starting', 'running', 'stopping']);

/** `idle · listening · no process`, or what there is to know of the process. */
export function lineOf(status: AgentStatus): string {
  const { state, listening, pid, process, detail } = status;
  const parts: string[] = [state];
  if (state !== 'not-installed')
    parts.push(listening ? 'listening' : 'not listening', pid === undefined ? 'no process' : `process ${pid}`);
  if (process !== undefined) {
    const { threads, connections, requests, memoryBytes, leavesInMs } = process;
    parts.push(
      count(threads, 'thread'),
      count(connections, 'connection'),
      count(requests, 'request'),
      `${Math.round(memoryBytes / 1024 ** 2)} MiB`,
      leavesInMs === null ? 'stays while somebody is there' : `leaves in ${Math.ceil(leavesInMs / 1000)} s`,
    );
  }
  if (detail !== undefined) parts.push(detail);
  return parts.join(' · ');
}

export function textOf(status: AgentStatus): string {
  const { installed, socket, supervisor } = status;
  const rows: [string, string][] = [[status.label, lineOf(status)]];
  if (installed !== undefined) {
    const { module, kind, methods, node, version } = installed;
    rows.push(
      ['module', `${module} (${kind === 'raw' ? 'raw' : methods.join(', ')})`],
      ['socket', socket],
      ['under', `${supervisor}, with Node ${node.version} at ${node.path}, launchpool ${version}`],
    );
  }
  return alignedRows(rows);
}

export function alignedRows(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('');
}

/** 0 when its users are served, now or at the next connection; otherwise as sysexits(3) has it. */
export function exitStatusOf({ state, listening }: AgentStatus): number {
  if (state === 'not-installed') return 66;
  return HEALTHY.has(state) || listening ? 0 : 69;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
