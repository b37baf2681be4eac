/** What does a call over NATS cost, beside bare NATS and a service that hands each request to a pool? */
import type { LoadRequest } from '../nats/load-messages.ts';
import { type NatsPrepared, prepareNats, serveInstance, startProgram } from '../nats/prepare.ts';
import { type LoadCell, loadCell, type Question, question, sizeCell } from '../question.ts';
import { NATS_KINDS } from '../question-line-up.ts';
import { figure } from '../results.ts';
import { numberText, ratioText } from '../text.ts';

const THREADS = 2;
const SMALL_BYTES = 64;
const CELLS: LoadCell[] = [
  loadCell('1x1', true),
  loadCell('4x1'),
  loadCell('4x16', true),
  loadCell('16x16'),
  sizeCell('64 B', SMALL_BYTES, '4x4', true),
  sizeCell('64 KiB', 64 * 1024, '4x4'),
];

/** By contender, how it is called and under which name. */
const CALLED: Readonly<Record<string, Pick<LoadRequest, 'kind' | 'name'>>> = {
  'nats-bare': { kind: 'bare', name: 'bare' },
  'nats-piscina': { kind: 'service', name: 'pool' },
  'nats-launchpool': { kind: 'link', name: 'served' },
  'nats-launchpool-plain': { kind: 'service', name: 'served' },
};

export const nats: Question = question<LoadCell, NatsPrepared>({
  name: 'nats',
  asks: 'What does a call over NATS cost, beside bare NATS and a service that hands each request to a pool?',
  note:
    '`nats-bare` is a Node that answers requests of NATS on its own thread, `nats-piscina` a service by `@nats-io/services` with ' +
    'one `run()` of Piscina for each request, `nats-launchpool` is `launchpool serve` called by its own client, and ' +
    '`nats-launchpool-plain` the same instance called by plain requests. `4x16` means four clients with 16 open calls ' +
    `each, all in one process with a connection for each client. Pools have ${THREADS} threads; each request is an echo ` +
    `of ${SMALL_BYTES} bytes, if the cell names no size. The NATS server, the service and the clients share the processors.`,
  mode: 'rpc',
  handler: 'echo',
  cells: CELLS,
  kinds: NATS_KINDS,
  quickKinds: NATS_KINDS,
  quickRounds: 1,
  alone: true,
  prepare: () =>
    prepareNats(NATS_KINDS, (url, started) =>
      Promise.all([
        startProgram('bare.ts', [url, 'bare'], started),
        startProgram('piscina-service.ts', [url, 'pool', String(THREADS)], started),
        serveInstance({ url, name: 'served', threads: THREADS }, started),
      ]),
    ),
  async measure({ cell: { connections, depth, size = SMALL_BYTES }, kind, seconds, warmUpSeconds }, { load }) {
    const called = CALLED[kind] as Pick<LoadRequest, 'kind' | 'name'>;
    const figures = await load(kind, { ...called, connections, depth, size, seconds, warmUpSeconds });
    return { reqPerSec: figures.reqPerSec, p50us: figures.p50us, p99us: figures.p99us };
  },
  ratios: [
    { field: 'ratioToBare', of: 'reqPerSec', to: 'nats-bare' },
    { field: 'ratioToPool', of: 'reqPerSec', to: 'nats-piscina' },
    { field: 'p50ToPool', of: 'p50us', to: 'nats-piscina' },
  ],
  columns: [
    { field: 'reqPerSec', title: 'req/s', unit: 'rate' },
    { field: 'p50us', title: 'p50', unit: 'us' },
    { field: 'p99us', title: 'p99', unit: 'us' },
    { field: 'ratioToBare', title: 'req/s / bare NATS', unit: 'ratio' },
    { field: 'ratioToPool', title: 'req/s / with Piscina', unit: 'ratio' },
    { field: 'p50ToPool', title: 'p50 / with Piscina', unit: 'ratio' },
  ],
  chart: { field: 'reqPerSec', title: 'requests a second', unit: 'rate', logarithmic: true },
  answer(results) {
    const per = CELLS.flatMap(({ name: cell }) => {
      const of = (field: string): number | undefined => figure(results, cell, 'nats-launchpool', field);
      const p50 = of('p50us');
      return p50 === undefined
        ? []
        : [
            `${cell}: ${numberText(p50, 'us')}, ${ratioText(of('p50ToPool'))} a service with Piscina, ` +
              `${ratioText(of('ratioToBare'))} the requests of bare NATS`,
          ];
    });
    if (per.length === 0) return 'Not measured: nats-server or the packages of NATS were missing.';
    return `With launchpool's client, half of the calls take at most ${per.join('; ')}.`;
  },
});
