/** How fast are large messages? */
import { type LoadCell, loadCell, type Question, question } from '../question.ts';
import { figure } from '../results.ts';
import { ratioText } from '../text.ts';

type SizeCell = LoadCell & { size: number };

const KIB = 1024;
const sizeCell = (label: string, size: number, load: string, quick = false): SizeCell => ({
  ...loadCell(load, quick),
  name: `${label} ${load}`,
  size,
});

const CELLS = [
  sizeCell('64 KiB', 64 * KIB, '1x1'),
  sizeCell('64 KiB', 64 * KIB, '4x4', true),
  sizeCell('1 MiB', 1024 * KIB, '1x1'),
  sizeCell('1 MiB', 1024 * KIB, '4x2', true),
];

export const largePayloads: Question = question<SizeCell>({
  name: 'large-payloads',
  asks: 'How fast are large messages?',
  mode: 'raw',
  handler: 'echo',
  cells: CELLS,
  kinds: [
    'launchpool',
    'launchpool-borrowed',
    'inline',
    'inline-zero-copy',
    'naive-piscina',
    'cluster',
    'python-threads',
    'python-pool',
    'ceiling',
  ],
  quickKinds: [
    'launchpool',
    'launchpool-borrowed',
    'inline',
    'inline-zero-copy',
    'python-threads',
    'python-pool',
    'ceiling',
  ],
  quickRounds: 1,
  async measure({ cell: { connections, depth, size }, generator, socketPath, seconds, warmUpSeconds }) {
    const load = { socketPath, connections, depth, size, seconds, warmUpSeconds, expect: 'echo' } as const;
    const { reqPerSec, mbPerSec, p50us, p99us } = await generator.load(load);
    return { reqPerSec, mbPerSec, p50us, p99us };
  },
  ratios: [
    { field: 'ratioToInline', of: 'mbPerSec', to: 'inline' },
    { field: 'ratioToInlineZeroCopy', of: 'mbPerSec', to: 'inline-zero-copy' },
    { field: 'ratioToPythonThreads', of: 'mbPerSec', to: 'python-threads' },
    { field: 'ratioToPythonPool', of: 'mbPerSec', to: 'python-pool' },
  ],
  columns: [
    { field: 'mbPerSec', title: 'one way', unit: 'mb' },
    { field: 'p50us', title: 'p50', unit: 'us' },
    { field: 'p99us', title: 'p99', unit: 'us' },
    { field: 'ratioToInline', title: '/ inline', unit: 'ratio' },
    { field: 'ratioToInlineZeroCopy', title: '/ inline zero-copy', unit: 'ratio' },
    { field: 'ratioToPythonThreads', title: '/ Python threads', unit: 'ratio' },
    { field: 'ratioToPythonPool', title: '/ Python Pool', unit: 'ratio' },
  ],
  chart: { field: 'mbPerSec', title: 'megabytes a second, one way', unit: 'mb', logarithmic: true },
  answer(results) {
    const per = CELLS.flatMap(({ name: cell }) => {
      const [zeroCopy, threads, pool] = ['ratioToInlineZeroCopy', 'ratioToPythonThreads', 'ratioToPythonPool'].map(
        (field) => figure(results, cell, 'launchpool', field),
      );
      if (zeroCopy === undefined) return [];
      return [
        `${cell}: ${ratioText(zeroCopy)} inline zero-copy, ${ratioText(threads)} Python threads, ${ratioText(pool)} Python Pool`,
      ];
    });
    return `launchpool moves, at ${per.join('; ')}.`;
  },
});
