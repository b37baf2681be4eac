/** How long does a fast request take while another connection always has a slow one open? */
import { type LoadCell, loadCell, type Question, question } from '../question.ts';
import { figure } from '../results.ts';
import { ratioText, timeText } from '../text.ts';

/** The prefix of the slow connection's requests: see handlers/raw/work.ts. */
type SlowCell = LoadCell & { slow: string };

const LOADS = ['64x1', '16x16'];
const SLOW = [
  { name: 'alone', slow: '' },
  { name: 'burn 50 ms', slow: 'B0050000' },
  { name: 'burn 1 s', slow: 'B1000000' },
  { name: 'sleep 50 ms', slow: 'S0050000' },
];
const QUICK = ['64x1 burn 50 ms', '16x16 burn 50 ms', '16x16 sleep 50 ms'];
/** Long enough for several slow requests. */
const MIN_SECONDS = 1.2;
const QUICK_SECONDS = 0.4;

const CELLS = LOADS.flatMap((load) =>
  SLOW.map(({ name, slow }): SlowCell => {
    const cell = `${load} ${name}`;
    return { ...loadCell(load), name: cell, quick: QUICK.includes(cell), slow };
  }),
);

export const headOfLine: Question = question<SlowCell>({
  name: 'head-of-line',
  asks: 'How long does a fast request take while another connection always has a slow one open?',
  mode: 'raw',
  handler: 'work',
  cells: CELLS,
  kinds: ['launchpool', 'naive-piscina', 'tinypool', 'poolifier', 'workerpool', 'cluster'],
  quickKinds: ['launchpool', 'naive-piscina'],
  quickRounds: 1,
  async measure({ cell: { connections, depth, slow }, generator, socketPath, seconds, warmUpSeconds }) {
    const min = seconds < QUICK_SECONDS ? QUICK_SECONDS : Math.max(seconds, MIN_SECONDS);
    const figures = await generator.load({
      socketPath,
      connections,
      depth,
      seconds: min,
      warmUpSeconds,
      ...(slow === '' ? {} : { slow: 1, slowPrefix: slow }),
    });
    const { reqPerSec, p50us, p99us, maxUs } = figures;
    return { reqPerSec, p50us, p99us, maxUs };
  },
  ratios: [
    { field: 'p99ToNaive', of: 'p99us', to: 'naive-piscina' },
    { field: 'ratioToNaive', of: 'reqPerSec', to: 'naive-piscina' },
  ],
  columns: [
    { field: 'reqPerSec', title: 'fast req/s', unit: 'rate' },
    { field: 'p50us', title: 'p50', unit: 'us' },
    { field: 'p99us', title: 'p99', unit: 'us' },
    { field: 'maxUs', title: 'longest', unit: 'us' },
    { field: 'p99ToNaive', title: 'p99 / naive Piscina', unit: 'ratio' },
    { field: 'ratioToNaive', title: 'req/s / naive Piscina', unit: 'ratio' },
  ],
  chart: { field: 'p99us', title: 'time of a fast request, p99', unit: 'us', logarithmic: true },
  answer(results) {
    const per = CELLS.flatMap(({ name: cell, slow }) => {
      const [p99, longest, toNaive] = ['p99us', 'maxUs', 'p99ToNaive'].map((field) =>
        figure(results, cell, 'launchpool', field),
      );
      if (slow === '' || p99 === undefined || longest === undefined) return [];
      return [
        `${cell}: p99 ${timeText(p99)}, ${ratioText(toNaive)} that of naive Piscina, longest ${timeText(longest)}`,
      ];
    });
    return `With launchpool, ${per.join('; ')}.`;
  },
});
