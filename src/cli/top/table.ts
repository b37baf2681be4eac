/** Formats the figures of agents as a table for a terminal, and as lines for other outputs. */
import type { Figures } from './figures.ts';

const HEAD = ['AGENT', 'STATE', 'EXITS IN', 'REQ/S', 'NOW', 'P50', 'P99', 'THREADS', 'MEMORY', 'RESTARTS'] as const;
/** The columns with left-aligned contents: words and bars. */
const LEFT_ALIGNED: ReadonlySet<number> = new Set([0, 1, 7]);
const BARS = '▁▂▃▄▅▆▇█';
const UNKNOWN = '–';
/** More bars would push the other columns off the screen. */
const MAX_BARS = 16;

/** The lines of the table, truncated to the size of the screen. */
export function tableOf(agents: readonly Figures[], { columns, rows }: { columns: number; rows: number }): string[] {
  const cells = [[...HEAD], ...agents.map(cellsOf)];
  const widths = HEAD.map((_title, column) => Math.max(...cells.map((line) => lengthOf(line[column] as string))));
  const lines = cells.map((line) =>
    truncate(
      line
        .map((text, column) => pad(text, widths[column] as number, LEFT_ALIGNED.has(column)))
        .join('  ')
        .trimEnd(),
      columns,
    ),
  );
  if (lines.length <= rows) return lines;
  const shown = Math.max(1, rows - 1);
  return [...lines.slice(0, shown), truncate(`… ${lines.length - shown} more`, columns)];
}

/** One agent as one line with units. */
export function agentLine(agent: Figures): string {
  const { name, state, detail, underWay, waiting = 0, p50Ms, p99Ms, utilisation, restarts } = agent;
  if (underWay === undefined) return `${name}  ${[state, detail].filter((part) => part !== undefined).join(' · ')}`;
  const exit = exitsIn(agent);
  const threads = utilisation?.map((share) => `${Math.round(share * 100)}%`).join(' ');
  const parts = [
    state,
    exit === UNKNOWN ? 'stays' : `exits in ${exit}`,
    `${rate(agent)} requests/s`,
    `${underWay} under way`,
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    `p50 ${duration(p50Ms)}`,
    `p99 ${duration(p99Ms)}`,
    `threads ${threads || UNKNOWN}`,
    memory(agent),
    `${restarts ?? UNKNOWN} restarts`,
  ];
  return `${name}  ${parts.join(' · ')}`;
}

function cellsOf(agent: Figures): string[] {
  const { name, state, detail, underWay, waiting = 0, p50Ms, p99Ms, restarts } = agent;
  if (underWay === undefined && detail !== undefined)
    return [name, `${state}: ${detail}`, ...HEAD.slice(2).map(() => '')];
  return [
    name,
    state,
    exitsIn(agent),
    rate(agent),
    underWay === undefined ? UNKNOWN : waiting > 0 ? `${underWay} (${waiting})` : String(underWay),
    duration(p50Ms),
    duration(p99Ms),
    bars(agent),
    memory(agent),
    restarts === undefined ? UNKNOWN : String(restarts),
  ];
}

function exitsIn({ leavesInMs }: Figures): string {
  return leavesInMs == null ? UNKNOWN : `${Math.ceil(leavesInMs / 1000)} s`;
}

function rate({ perSecond }: Figures): string {
  if (perSecond === undefined) return UNKNOWN;
  return perSecond < 100 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

function duration(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  return ms >= 1 ? `${ms.toPrecision(3)} ms` : `${Math.round(ms * 1000)} µs`;
}

function bars({ utilisation = [] }: Figures): string {
  if (utilisation.length === 0) return UNKNOWN;
  const shown = utilisation.slice(0, MAX_BARS).map((share) => BARS[Math.min(7, Math.floor(share * 8))]);
  const more = utilisation.length - shown.length;
  return `${shown.join('')}${more > 0 ? ` +${more}` : ''}`;
}

function memory({ memoryBytes }: Figures): string {
  return memoryBytes === undefined ? UNKNOWN : `${Math.round(memoryBytes / 1024 ** 2)} MiB`;
}

function pad(text: string, width: number, isLeftAligned: boolean): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return isLeftAligned ? `${text}${space}` : `${space}${text}`;
}

/** The width on the terminal, if every character takes one column. */
function lengthOf(text: string): number {
  return [...text].length;
}

function truncate(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns ? line : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
