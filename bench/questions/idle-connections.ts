/** How well does it serve thousands of open and idle connections? */
import { type Cell, type Question, question } from '../question.ts';
import { figure } from '../results.ts';
import { numberText, timeText } from '../text.ts';

type CountCell = Cell & { connections: number };

const CELLS: CountCell[] = [
  { name: '1,000', connections: 1_000 },
  { name: '10,000', connections: 10_000, quick: true },
];

export const idleConnections: Question = question<CountCell>({
  name: 'idle-connections',
  asks: 'How well does it serve thousands of open and idle connections?',
  mode: 'raw',
  handler: 'rot13',
  cells: CELLS,
  kinds: ['launchpool', 'inline', 'naive-piscina', 'cluster'],
  quickKinds: ['launchpool', 'inline'],
  quickRounds: 1,
  alone: true,
  async measure({ cell, generator, socketPath }) {
    const held = await generator.hold({ socketPath, connections: cell.connections, every: cell.connections / 100 });
    await held.release();
    const { connections, acceptMs, asked, p50us, p99us } = held.figures;
    return { connections, acceptMs, asked, p50us, p99us };
  },
  ratios: [{ field: 'acceptToInline', of: 'acceptMs', to: 'inline' }],
  columns: [
    { field: 'connections', title: 'connections' },
    { field: 'acceptMs', title: 'all accepted after', unit: 'ms' },
    { field: 'asked', title: 'asked and right' },
    { field: 'p50us', title: 'p50', unit: 'us' },
    { field: 'p99us', title: 'p99', unit: 'us' },
  ],
  chart: { field: 'acceptMs', title: 'time until all are accepted', unit: 'ms', logarithmic: false },
  answer(results) {
    const per = CELLS.flatMap(({ name: cell }) => {
      const [connections, acceptMs, p99] = ['connections', 'acceptMs', 'p99us'].map((field) =>
        figure(results, cell, 'launchpool', field),
      );
      if (acceptMs === undefined || p99 === undefined) return [];
      return [
        `${connections} are accepted in ${numberText(acceptMs, 'ms')}, and one of them is answered in ${timeText(p99)} (p99)`,
      ];
    });
    return `With launchpool, ${per.join('; ')}. A lower number means that the limit of descriptors (ulimit -n) allows no more.`;
  },
});
