/** How does the cost of one request, one KiB, or one installed agent grow with their number? */
import { join } from 'node:path';
import { generatorProgram } from '../generator.ts';
import type { Curve } from '../growth/curve.ts';
import { GROWS, growthText, withSlopes } from '../growth/growth.ts';
import { MIN_EXPONENT } from '../growth/slope.ts';
import { type InstalledAgents, installAgents } from '../installed/agents.ts';
import { builtProgram } from '../installed/program.ts';
import { TWINS } from '../line-up.ts';
import type { Sample } from '../measure.ts';
import { type Cell, type Prepared, type Question, question, type Subject } from '../question.ts';

/** With a count, so many requests are sent: a second may be too short for one of them. */
type GrowthLoad = { connections: number; depth: number; size?: number; count?: number };
type GrowthCell = Cell & { x: number; curve: string; load?: GrowthLoad };
type GrowthPrepared = Prepared & { program: string; agents: ReadonlyMap<number, InstalledAgents> };

const KIB = 1024;
const SIZES = {
  '64 B': 64,
  '1 KiB': KIB,
  '16 KiB': 16 * KIB,
  '256 KiB': 256 * KIB,
  '4 MiB': 4 * KIB ** 2,
  '16 MiB': 16 * KIB ** 2,
  '64 MiB': 64 * KIB ** 2,
};
const LARGE_BYTES = 8 * KIB ** 2;
const LARGE_COUNT = 3;
/** Before the measurement, the agent runs the measured code, and all of its threads start; there may be many. */
const START_SECONDS = 0.2;
const THREADS_START_SECONDS = 0.8;
/** The question has many cells, and processor time needs no long measurement. */
const MAX_SECONDS = 0.3;
const VERBS: Readonly<Record<string, readonly string[]>> = {
  list: ['list'],
  top: ['top', '--once'],
  doctor: ['doctor'],
};
const COUNTS = [1, 10, 50, 200];
const COST = 'costUs';

const CELLS: GrowthCell[] = [
  ...[1, 8, 64, 512, 2048, 8192].map(
    (x): GrowthCell => ({ ...cellOf('connections', x), load: { connections: x, depth: 1 } }),
  ),
  ...Object.entries(SIZES).map(
    ([label, x]): GrowthCell => ({
      ...cellOf('payload', x, label),
      handler: 'echo',
      load: { connections: 1, depth: 1, size: x, ...(x > LARGE_BYTES && { count: LARGE_COUNT }) },
    }),
  ),
  ...[1, 2, 4, 8, 16].map(
    (x): GrowthCell => ({ ...cellOf('threads', x), threads: x, load: { connections: 16, depth: 16 } }),
  ),
  ...Object.keys(VERBS).flatMap((verb) =>
    COUNTS.map((x): GrowthCell => ({ ...cellOf(verb, x), startsNone: true, without: Object.keys(TWINS) })),
  ),
];

const CURVES: readonly Curve[] = [
  { name: 'connections', axis: 'connections', unit: 'request', points: pointsOf('connections') },
  { name: 'payload', axis: 'bytes of a payload', unit: 'KiB', points: pointsOf('payload') },
  { name: 'threads', axis: 'threads', unit: 'request', points: pointsOf('threads') },
  ...Object.keys(VERBS).map((verb) => ({
    name: verb,
    axis: 'installed agents',
    unit: 'agent',
    points: pointsOf(verb),
  })),
];

export const growth: Question = question<GrowthCell, GrowthPrepared>({
  name: 'growth',
  asks: 'How does the cost of one request, one KiB, or one installed agent grow with their number?',
  note:
    'The cost is processor time: of all threads of the agent, or of the verb with the programs that it starts. ' +
    '`connections` have one open request of 64 bytes each; `payload` is echoed on one connection with one open request; ' +
    '`threads` answer 16 connections with 16 open requests of 64 bytes on each. The exponent is the slope on logarithmic ' +
    'axes, over the whole curve, and from its cheapest point on (at least over its last three points), with intervals of ' +
    `95 % over the rounds. Above 0 the unit becomes dearer, so the total grows faster than linearly; the last column says ` +
    `whether the whole interval of the second is above ${MIN_EXPONENT}. The verbs ask about agents that the product has ` +
    'written into a temporary home folder. None of them runs, a holder holds their sockets, and a double of systemctl ' +
    'answers at once: what a real service manager takes is not in these figures.',
  mode: 'raw',
  handler: 'rot13',
  cells: CELLS,
  kinds: ['launchpool'],
  quickKinds: [],
  alone: true,
  async prepare({ folder, cells }) {
    const agents = new Map<number, InstalledAgents>();
    const close = async (): Promise<void> => {
      for (const each of agents.values()) await each.close();
    };
    const asked = CELLS.filter(({ name, curve }) => cells.includes(name) && curve in VERBS);
    if (asked.length === 0) return { missing: [], close, program: '', agents };
    if (process.platform !== 'linux') {
      const why = 'the double stands for systemd: Linux only';
      return {
        missing: asked.map(({ name: cell }) => ({ contender: 'launchpool', cell, why })),
        close,
        program: '',
        agents,
      };
    }
    try {
      const generatorPath = generatorProgram(folder);
      for (const count of new Set(asked.map(({ x }) => x))) {
        agents.set(count, await installAgents({ count, generatorPath, folder: join(folder, `n${count}`) }));
      }
      return { missing: [], close, program: await builtProgram(), agents };
    } catch (error) {
      await close();
      throw error;
    }
  },
  measure: (subject, prepared) => (subject.cell.load === undefined ? measureVerb : measureLoad)(subject, prepared),
  complete: (results, found) => withSlopes(results, found, CURVES, COST),
  ratios: [],
  columns: [
    { field: COST, title: 'cost of one', unit: 'cost' },
    { field: 'elapsedUs', title: 'elapsed for one', unit: 'cost' },
    { field: 'exponent', title: 'exponent', unit: 'exponent' },
    { field: 'exponentInterval', title: '95 %' },
    { field: 'lastFrom', title: 'from' },
    { field: 'lastExponent', title: 'exponent from there', unit: 'exponent' },
    { field: 'lastExponentInterval', title: '95 %' },
    { field: GROWS, title: `above ${MIN_EXPONENT}` },
  ],
  curves: CURVES,
  chart: { field: COST, title: 'processor time for one request, KiB or agent', unit: 'cost', logarithmic: true },
  answer: (results) => growthText(results, CURVES),
});

/** Where the system does not tell the processor time of another process, the cost is the elapsed time. */
async function measureLoad(subject: Subject<GrowthCell>): Promise<Sample> {
  const { cell, generator, socketPath, pid } = subject;
  const expect = cell.handler === 'echo' ? 'echo' : 'rot13';
  const load = { connections: 1, depth: 1, ...cell.load };
  const startSeconds = cell.threads === undefined ? START_SECONDS : THREADS_START_SECONDS;
  const { count, ...start } = { count: undefined, ...load };
  const warmUp = count === undefined ? { seconds: startSeconds, warmUpSeconds: 0 } : { count: 1 };
  await generator.load({ socketPath, expect, ...start, ...warmUp });
  const seconds = Math.min(subject.seconds, MAX_SECONDS);
  const figures = await generator.load({ socketPath, seconds, warmUpSeconds: seconds / 4, pid, expect, ...load });
  if (figures.count === 0) throw new Error('no reply came within the time of the measurement');
  const elapsedUs = 1e6 / figures.reqPerSec;
  const units = (load.size ?? KIB) / KIB;
  return { [COST]: (figures.processorUs ?? elapsedUs) / units, elapsedUs: elapsedUs / units };
}

async function measureVerb(
  { cell: { curve, x }, generator }: Subject<GrowthCell>,
  { program, agents }: GrowthPrepared,
): Promise<Sample> {
  const { env } = agents.get(x) as InstalledAgents;
  const command = [process.execPath, program, ...(VERBS[curve] as string[])];
  const { ms, processorMs } = await generator.wall({ command, env, lines: linesOf(curve, x) });
  return { [COST]: (processorMs * 1000) / x, elapsedUs: (ms * 1000) / x };
}

/** The lines of a verb's output: one for each agent, or that there is no problem. */
function linesOf(verb: string, count: number): number {
  return verb === 'doctor' ? 1 : count;
}

function cellOf(curve: string, x: number, label = String(x)): { name: string; curve: string; x: number } {
  return { name: `${curve} ${label}`, curve, x };
}

function pointsOf(curve: string): Curve['points'] {
  return CELLS.filter((cell) => cell.curve === curve).map(({ name, x }) => ({ cell: name, x }));
}
