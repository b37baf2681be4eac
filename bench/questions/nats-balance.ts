/** How are the calls of a service on NATS shared among five instances, and what does a slow one cost? */

import { median, type Sample } from '../measure.ts';
import { type NatsPrepared, prepareNats, serveInstance } from '../nats/prepare.ts';
import { type Cell, type Question, question } from '../question.ts';
import { BALANCE_KINDS } from '../question-line-up.ts';
import { figure, type Result } from '../results.ts';
import { numberText, ratioText } from '../text.ts';

type BalanceCell = Cell & { service: 'five' | 'four'; slowMs: number };

const SLEEP_MS = 1;
const SLOW_MS = 10;
const CLIENTS = 4;
const OPEN = 4;
const SIZE = 16;
const [EVEN, FOUR, SLOW] = ['five even', 'four even', 'four and one slow'] as const;
const CELLS: BalanceCell[] = [
  { name: EVEN, service: 'five', slowMs: SLEEP_MS, quick: true },
  { name: FOUR, service: 'four', slowMs: SLEEP_MS, quick: true },
  { name: SLOW, service: 'five', slowMs: SLOW_MS, quick: true },
];
/** Of the question's two: the p99 with a slow instance, by that of the four good ones alone in the same round. */
const P99_RATIO = 'p99ToFour';

export const natsBalance: Question = question<BalanceCell, NatsPrepared>({
  name: 'nats-balance',
  partOf: 'nats',
  asks: 'How are the calls of a service on NATS shared among five instances, and what does a slow one cost?',
  note:
    `Handlers sleep for ${SLEEP_MS} ms, those of the slow instance for ${SLOW_MS} ms: five instances that compute would compete for ` +
    `the processors of one machine. ${CLIENTS} clients have ${OPEN} open calls each. \`balance-launchpool\` is launchpool's ` +
    'client, `balance-queue-group` plain requests of NATS, whose server chooses an instance by chance. The shares are those ' +
    'of the instances with the fewest and the most calls, by an even share.',
  mode: 'rpc',
  handler: 'echo',
  cells: CELLS,
  kinds: BALANCE_KINDS,
  quickKinds: BALANCE_KINDS,
  quickRounds: 1,
  alone: true,
  prepare: () =>
    prepareNats(BALANCE_KINDS, async (url, started) => {
      const four = Array.from({ length: 4 }, () => ({ url, name: 'four', threads: 1 }));
      const five = Array.from({ length: 5 }, (_unused, index) => ({
        ...{ url, name: 'five', threads: 1 },
        env: { BENCH_SLOW: index === 0 ? '1' : '0' },
      }));
      await Promise.all([...four, ...five].map((each) => serveInstance(each, started)));
    }),
  async measure({ cell: { service, slowMs }, kind, seconds, warmUpSeconds }, { load }) {
    const { answers, ...figures } = await load(kind, {
      ...{ name: service, kind: kind === 'balance-launchpool' ? 'link' : 'service' },
      ...{ connections: CLIENTS, depth: OPEN, size: SIZE, seconds, warmUpSeconds, sleep: [SLEEP_MS, slowMs] },
    });
    return { ...figures, ...sharesOf(Object.values(answers), service === 'five' ? 5 : 4) };
  },
  complete: withP99Ratio,
  ratios: [],
  columns: [
    { field: 'reqPerSec', title: 'req/s', unit: 'rate' },
    { field: 'p50us', title: 'p50', unit: 'us' },
    { field: 'p99us', title: 'p99', unit: 'us' },
    { field: P99_RATIO, title: 'p99 / four even', unit: 'ratio' },
    { field: 'smallestShare', title: 'smallest share', unit: 'share' },
    { field: 'largestShare', title: 'largest share', unit: 'share' },
  ],
  chart: { field: 'p99us', title: '99th percentile of a call', unit: 'us', logarithmic: true },
  answer(results) {
    const of = (cell: string, field: string): number | undefined => figure(results, cell, 'balance-launchpool', field);
    if (of(EVEN, 'p99us') === undefined) return 'Not measured: nats-server or the packages of NATS were missing.';
    return (
      `With launchpool's client, five even instances get ${numberText(of(EVEN, 'smallestShare'), 'share')} to ` +
      `${numberText(of(EVEN, 'largestShare'), 'share')} of an even share; with one that is ten times slower, the p99 is ` +
      `${ratioText(of(SLOW, P99_RATIO))} that of four good ones alone, and in a queue group ` +
      `${ratioText(figure(results, SLOW, 'balance-queue-group', P99_RATIO))}.`
    );
  },
});

function sharesOf(counts: readonly number[], instances: number): Sample {
  const even = counts.reduce((sum, each) => sum + each, 0) / instances;
  const smallest = counts.length < instances ? 0 : Math.min(...counts);
  return { smallestShare: smallest / even, largestShare: Math.max(...counts) / even };
}

function withP99Ratio(results: Result[], found: ReadonlyMap<string, readonly ReadonlyMap<string, Sample>[]>): Result[] {
  return results.map((result) => {
    const ratios = (found.get(result.cell) ?? []).flatMap((round, index) => {
      const own = round.get(result.contender)?.p99us;
      const four = found.get(FOUR)?.[index]?.get(result.contender)?.p99us;
      return own !== undefined && four !== undefined && four > 0 ? [own / four] : [];
    });
    return ratios.length === 0 ? result : { ...result, [P99_RATIO]: Number(median(ratios).toPrecision(4)) };
  });
}
