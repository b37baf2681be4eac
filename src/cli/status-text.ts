/** Formats the status of an installed agent as one line or several. */
import type { AgentStatus } from '../control/status.ts';
import { changeNote } from '../installed/changed-sources.ts';

const HEALTHY: ReadonlySet<AgentStatus['state']> = new Set(['idle', 'starting', 'running', 'stopping']);

/** For example `idle · listening · no process`; with a process, also its figures. */
export function statusLine(status: AgentStatus): string {
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
      leavesInMs === null ? 'no idle exit pending' : `exits in ${Math.ceil(leavesInMs / 1000)} s`,
    );
  }
  if (detail !== undefined) parts.push(detail);
  return parts.join(' · ');
}

export function statusText(status: AgentStatus): string {
  const { label, installed, socket, supervisor, changed = [] } = status;
  const rows: [string, string][] = [[status.label, statusLine(status)]];
  if (installed !== undefined) {
    const { module, kind, methods, node, version } = installed;
    rows.push(
      ['module', `${module} (${kind === 'raw' ? 'raw' : methods.join(', ')})`],
      ['socket', socket],
      ['under', `${supervisor}, with Node ${node.version} at ${node.path}, launchpool ${version}`],
    );
  }
  const note = changeNote(label, changed);
  if (note !== undefined) rows.push(['changed', note]);
  return alignedRows(rows);
}

export function alignedRows(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('');
}

/** 0 when the agent serves connections, now or after its next start; otherwise a status of sysexits(3). */
export function statusExitStatus({ state, listening }: AgentStatus): number {
  if (state === 'not-installed') return 66;
  return HEALTHY.has(state) || listening ? 0 : 69;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
