/** How much of the processors do the handlers get? */
import { type LoadCell, loadCell, type Question, question } from '../question.ts';
import { figure } from '../results.ts';
import { numberText } from '../text.ts';

type BurnCell = LoadCell & { microseconds: number };

const HANDLERS = [
  { name: '1 ms', microseconds: 1000 },
  { name: '100 µs', microseconds: 100 },
  { name: '10 µs', microseconds: 10 },
];

const CELLS = HANDLERS.flatMap(({ name, microseconds }) =>
  ['16x1', '16x16'].map(
    (load): BurnCell => ({ ...loadCell(load), name: `${name} ${load}`, quick: load === '16x16', microseconds }),
  ),
);

export const cores: Question = question<BurnCell>({
  name: 'cores',
  asks: 'How much of the processors do the handlers get?',
  mode: 'raw',
  handler: 'work',
  cells: CELLS,
  kinds: ['launchpool', 'inline', 'naive-piscina', 'tinypool', 'poolifier', 'workerpool', 'cluster', 'python-pool'],
  quickKinds: ['launchpool', 'inline', 'naive-piscina', 'cluster'],
  quickRounds: 1,
  async measure({ cell, generator, socketPath, seconds, warmUpSeconds, threads }) {
    const { connections, depth, microseconds } = cell;
    const prefix = `B${String(microseconds).padStart(7, '0')}`;
    const figures = await generator.load({ socketPath, connections, depth, seconds, warmUpSeconds, prefix });
    const { reqPerSec, p50us, p99us } = figures;
    return { reqPerSec, p50us, p99us, shareOfIdeal: (reqPerSec * microseconds) / (1e6 * threads) };
  },
  ratios: [
    { field: 'ratioToInline', of: 'reqPerSec', to: 'inline' },
    { field: 'ratioToNaive', of: 'reqPerSec', to: 'naive-piscina' },
    { field: 'ratioToPythonPool', of: 'reqPerSec', to: 'python-pool' },
  ],
  columns: [
    { field: 'reqPerSec', title: 'req/s', unit: 'rate' },
    { field: 'shareOfIdeal', title: 'of the ideal', unit: 'share' },
    { field: 'p50us', title: 'p50', unit: 'us' },
    { field: 'p99us', title: 'p99', unit: 'us' },
    { field: 'ratioToNaive', title: '/ naive Piscina', unit: 'ratio' },
  ],
  chart: { field: 'shareOfIdeal', title: 'share of the ideal', unit: 'share', logarithmic: false },
  answer(results) {
    const per = CELLS.flatMap(({ name: cell }) => {
      const share = figure(results, cell, 'launchpool', 'shareOfIdeal');
      return share === undefined ? [] : [`${cell}: ${numberText(share, 'share')}`];
    });
    return `Of the work that as many processors as threads could do without any other work, launchpool does ${per.join(', ')}.`;
  },
});
