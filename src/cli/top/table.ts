/** The figures of agents as a table, for a screen, and as lines, for everything else. */
import type { Figures } from './figures.ts';

const HEAD = ['AGENT', 'STATE', 'EXITS IN', 'REQ/S', 'NOW', 'P50', 'P99', 'THREADS', 'MEMORY', 'RESTARTS'] as const;
/** Those that stand to the left of their column: words, and bars. */
const LEFT: ReadonlySet<number> = new Set([0, 1, 7]);
const BARS = '▁▂▃▄▅▆▇█';
const NOTHING = '–';
/** So many bars at most, or the other columns would not be seen. */
const MAX_BARS = 16;

/** The table, line by line, cut to a screen of that size. */
export function tableOf(agents: readonly Figures[], { columns, rows }: { columns: number; rows: number }): string[] {
  const cells = [[...HEAD], ...agents.map(cellsOf)];
  const widths = HEAD.map((_title, column) => Math.max(...cells.map((line) => lengthOf(line[column] as string))));
  const lines = cells.map((line) =>
    cut(
      line
        .map((text, column) => pad(text, widths[column] as number, LEFT.has(column)))
        .join('  ')
        .trimEnd(),
      columns,
    ),
  );
  if (lines.length <= rows) return lines;
  const shown = Math.max(1, rows - 1);
  return [...lines.slice(0, shown), cut(`… ${lines.length - shown} more`, columns)];
}

/** One agent in one line, with the units. */
export function lineOf(agent: Figures): string {
  const { name, state, detail, underWay, waiting = 0, p50Ms, p99Ms, utilisation, restarts } = agent;
  if (underWay === undefined) return `${name}  ${[state, detail].filter((part) => part !== undefined).join(' · ')}`;
  const leaves = exitsIn(agent);
  const threads = utilisation?.map((share) => `${Math.round(share * 100)}%`).join(' ');
  const parts = [
    state,
    leaves === NOTHING ? 'stays' : `exits in ${leaves}`,
    `${rate(agent)} requests/s`,
    `${underWay} under way`,
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    `p50 ${duration(p50Ms)}`,
    `p99 ${duration(p99Ms)}`,
    `threads ${threads || NOTHING}`,
    memory(agent),
    `${restarts ?? NOTHING} restarts`,
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
    underWay === undefined ? NOTHING : waiting > 0 ? `${underWay} (${waiting})` : String(underWay),
    duration(p50Ms),
    duration(p99Ms),
    bars(agent),
    memory(agent),
    restarts === undefined ? NOTHING : String(restarts),
  ];
}

function exitsIn({ leavesInMs }: Figures): string {
  return leavesInMs == null ? NOTHING : `${Math.ceil(leavesInMs / 1000)} s`;
}

function rate({ perSecond }: Figures): string {
  if (perSecond === undefined) return NOTHING;
  return perSecond < 100 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

function duration(ms: number | undefined): string {
  if (ms === undefined) return NOTHING;
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  return ms >= 1 ? `${ms.toPrecision(3)} ms` : `${Math.round(ms * 1000)} µs`;
}

function bars({ utilisation = [] }: Figures): string {
  if (utilisation.length === 0) return NOTHING;
  const shown = utilisation.slice(0, MAX_BARS).map((share) => BARS[Math.min(7, Math.floor(share * 8))]);
  const more = utilisation.length - shown.length;
  return `${shown.join('')}${more > 0 ? ` +${more}` : ''}`;
}

function memory({ memoryBytes }: Figures): string {
  return memoryBytes === undefined ? NOTHING : `${Math.round(memoryBytes / 1024 ** 2)} MiB`;
}

function pad(text: string, width: number, left: boolean): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return left ? `${text}${space}` : `${space}${text}`;
}

/** All that is shown is as wide as it has characters, but for what a path may have. */
function lengthOf(text: string): number {
  return [...text].length;
}

function cut(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns ? line : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
