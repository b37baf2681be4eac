/** How fast are large messages? */
import { type LoadCell, type Question, question, sizeCell } from '../question.ts';
import { figure } from '../results.ts';
import { ratioText } from '../text.ts';

type SizeCell = LoadCell & { size: number };

const KIB = 1024;

const CELLS = [
  sizeCell('64 KiB', 64 * KIB, '1x1'),
  sizeCell('64 KiB', 64 * KIB, '4x4', true),
  sizeCell('1 MiB', 1024 * KIB, '1x1'),
  sizeCell('1 MiB', 1024 * KIB, '4x2', true),
];

/** Contenders of both questions. */
const EVERYWHERE = ['launchpool', 'inline', 'naive-piscina', 'cluster', 'python-threads', 'python-pool', 'ceiling'];
const RAW_ONLY = ['launchpool-borrowed', 'inline-zero-copy'];
const QUICK = ['launchpool', 'inline', 'python-threads', 'python-pool', 'ceiling'];

export const largePayloads: Question = ask({
  name: 'large-payloads',
  mode: 'raw',
  asks: 'How fast are large messages?',
  kinds: [...EVERYWHERE, ...RAW_ONLY],
  quickKinds: [...QUICK, ...RAW_ONLY],
  ratios: [
    { field: 'ratioToInline', title: '/ inline', to: 'inline' },
    { field: 'ratioToInlineZeroCopy', title: '/ inline zero-copy', to: 'inline-zero-copy' },
    { field: 'ratioToPythonThreads', title: '/ Python threads', to: 'python-threads' },
    { field: 'ratioToPythonPool', title: '/ Python Pool', to: 'python-pool' },
  ],
});

export const largePayloadsRpc: Question = ask({
  name: 'large-payloads-rpc',
  mode: 'rpc',
  asks: 'The same with JSON-RPC: how fast are calls with one long string?',
  kinds: [...EVERYWHERE, 'tinypool', 'poolifier', 'workerpool'],
  quickKinds: ['launchpool', 'inline', 'python-threads'],
  ratios: [
    { field: 'ratioToInline', title: '/ inline', to: 'inline' },
    { field: 'ratioToNaive', title: '/ naive Piscina', to: 'naive-piscina' },
    { field: 'ratioToPythonThreads', title: '/ Python threads', to: 'python-threads' },
    { field: 'ratioToPythonPool', title: '/ Python Pool', to: 'python-pool' },
  ],
});

type Asked = Pick<Question, 'name' | 'mode' | 'asks' | 'kinds' | 'quickKinds'> & {
  ratios: readonly { field: string; title: string; to: string }[];
};

function ask({ ratios, ...asked }: Asked): Question {
  return question<SizeCell>({
    ...asked,
    handler: 'echo',
    cells: CELLS,
    quickRounds: 1,
    async measure({ cell: { connections, depth, size }, generator, mode, socketPath, seconds, warmUpSeconds }) {
      const load = { socketPath, mode, connections, depth, size, seconds, warmUpSeconds, expect: 'echo' } as const;
      const { reqPerSec, mbPerSec, p50us, p99us } = await generator.load(load);
      return { reqPerSec, mbPerSec, p50us, p99us };
    },
    ratios: ratios.map(({ field, to }) => ({ field, of: 'mbPerSec', to })),
    columns: [
      { field: 'mbPerSec', title: 'one way', unit: 'mb' },
      { field: 'p50us', title: 'p50', unit: 'us' },
      { field: 'p99us', title: 'p99', unit: 'us' },
      ...ratios.map(({ field, title }) => ({ field, title, unit: 'ratio' }) as const),
    ],
    chart: { field: 'mbPerSec', title: 'megabytes a second, one way', unit: 'mb', logarithmic: true },
    answer(results) {
      const compared = ratios.filter(({ to }) => asked.mode === 'rpc' || to !== 'inline');
      const per = CELLS.flatMap(({ name: cell }) => {
        if (figure(results, cell, 'launchpool', 'mbPerSec') === undefined) return [];
        const parts = compared.map(
          ({ field, title }) => `${ratioText(figure(results, cell, 'launchpool', field))} ${title.replace('/ ', '')}`,
        );
        return [`${cell}: ${parts.join(', ')}`];
      });
      return `launchpool moves, at ${per.join('; ')}.`;
    },
  });
}
