/** How many small requests a second are answered, and how long does each take? */
import { type LoadCell, loadCell, type Question, question, sizeCell } from '../question.ts';
import { figure } from '../results.ts';
import { ratioText } from '../text.ts';

const KIB = 1024;
/** Texts that a slot carries, and texts that travel alone: between those of 64 bytes and the large ones. */
const SIZES = [
  { label: '4 KiB', size: 4 * KIB },
  { label: '64 KiB', size: 64 * KIB },
];

const CELLS: LoadCell[] = [
  loadCell('1x1', true),
  loadCell('8x1'),
  loadCell('64x1', true),
  loadCell('1x64'),
  loadCell('16x16', true),
  loadCell('64x64'),
  ...SIZES.flatMap(({ label, size }) => ['1x1', '4x4', '16x16'].map((load) => sizeCell(label, size, load))),
];

const KINDS = [
  'launchpool',
  'inline',
  'naive-piscina',
  'tinypool',
  'poolifier',
  'workerpool',
  'cluster',
  'python-threads',
  'python-pool',
  'ceiling',
];

export const throughput: Question = ask(
  'throughput',
  'raw',
  'How many small requests a second are answered, and how long does each take?',
);
export const throughputRpc: Question = ask(
  'throughput-rpc',
  'rpc',
  'The same with JSON-RPC: how many calls a second are answered, and how long does each take?',
);

function ask(name: string, mode: 'raw' | 'rpc', asks: string): Question {
  return question<LoadCell>({
    name,
    asks,
    mode,
    handler: 'rot13',
    cells: CELLS,
    kinds: KINDS,
    quickKinds: ['launchpool', 'inline', 'naive-piscina', 'cluster', 'python-threads', 'ceiling'],
    async measure({ cell: { connections, depth, size }, generator, socketPath, seconds, warmUpSeconds }) {
      const load = { socketPath, mode, connections, depth, seconds, warmUpSeconds };
      const figures = await generator.load(size === undefined ? load : { ...load, size });
      return { reqPerSec: figures.reqPerSec, p50us: figures.p50us, p99us: figures.p99us, maxUs: figures.maxUs };
    },
    ratios: [
      { field: 'ratioToInline', of: 'reqPerSec', to: 'inline' },
      { field: 'ratioToNaive', of: 'reqPerSec', to: 'naive-piscina' },
    ],
    columns: [
      { field: 'reqPerSec', title: 'req/s', unit: 'rate' },
      { field: 'p50us', title: 'p50', unit: 'us' },
      { field: 'p99us', title: 'p99', unit: 'us' },
      { field: 'ratioToInline', title: '/ inline', unit: 'ratio' },
      { field: 'ratioToNaive', title: '/ naive Piscina', unit: 'ratio' },
    ],
    chart: { field: 'reqPerSec', title: 'requests a second', unit: 'rate', logarithmic: true },
    answer(results) {
      const per = CELLS.flatMap(({ name: cell }) => {
        const [inline, naive] = ['ratioToInline', 'ratioToNaive'].map((field) =>
          figure(results, cell, 'launchpool', field),
        );
        return inline === undefined
          ? []
          : [`${cell}: ${ratioText(inline)} of inline, ${ratioText(naive)} naive Piscina`];
      });
      return `launchpool reaches ${per.join('; ')}.`;
    },
  });
}
