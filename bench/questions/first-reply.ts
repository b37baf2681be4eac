/** How long does the first reply of an agent that does not run yet take? */
import { COLD_KINDS } from '../cold-line-up.ts';
import { type Cell, type Question, question } from '../question.ts';
import { figure } from '../results.ts';
import { numberText, ratioText } from '../text.ts';

type BurstCell = Cell & { burst: number };

const ONE = 'one';
const BURST = 'burst of 64';
/** Compiled code may be saved after the replies. */
const KEEPING_MS = 500;
/** The contenders that have run once already, like an installed agent. */
const known = new Set<string>();

export const firstReply: Question = question<BurstCell>({
  name: 'first-reply',
  asks: 'How long does the first reply of an agent that does not run yet take?',
  mode: 'raw',
  handler: 'rot13',
  cells: [
    { name: ONE, quick: true, burst: 1 },
    { name: BURST, burst: 64, without: ['cold-python', 'cold-python-pool', 'cold-rpc', 'cold-other-node'] },
  ],
  kinds: COLD_KINDS,
  quickKinds: ['cold-launchpool', 'cold-floor', 'cold-inline', 'cold-python-pool'],
  alone: true,
  times: 5,
  async measure({ cell: { burst }, generator, socketPath, start }) {
    if (start === undefined) throw new TypeError('the contender runs already');
    const command = start.command.join(' ');
    if (!known.has(command)) await generator.cold({ socketPath, burst: 1, stay: KEEPING_MS, ...start });
    known.add(command);
    const { firstMs, lastMs } = await generator.cold({ socketPath, burst, ...start });
    return { medianMs: lastMs, firstMs };
  },
  ratios: [
    { field: 'ratioToFloor', of: 'medianMs', to: 'cold-floor' },
    { field: 'ratioToUnbuilt', of: 'medianMs', to: 'cold-unbuilt' },
    { field: 'ratioToPythonPool', of: 'medianMs', to: 'cold-python-pool' },
  ],
  columns: [
    { field: 'medianMs', title: 'last first reply', unit: 'ms' },
    { field: 'ratioToFloor', title: '/ node with one bare worker', unit: 'ratio' },
    { field: 'ratioToUnbuilt', title: '/ launchpool unbuilt', unit: 'ratio' },
    { field: 'ratioToPythonPool', title: '/ Python Pool(2)', unit: 'ratio' },
  ],
  chart: { field: 'medianMs', title: 'time from the connection to the first reply', unit: 'ms', logarithmic: false },
  answer(results) {
    const [one, burst, floor, pool, rpc] = [
      figure(results, ONE, 'cold-launchpool', 'medianMs'),
      figure(results, BURST, 'cold-launchpool', 'medianMs'),
      figure(results, ONE, 'cold-launchpool', 'ratioToFloor'),
      figure(results, ONE, 'cold-launchpool', 'ratioToPythonPool'),
      figure(results, ONE, 'cold-rpc', 'medianMs'),
    ];
    return (
      `launchpool replies ${numberText(one, 'ms')} after the connection, process start included: ${ratioText(floor)} ` +
      `the time of Node with one bare worker, ${ratioText(pool)} that of Python with Pool(2). An RPC agent with three ` +
      `packages takes ${numberText(rpc, 'ms')}, and the last of 64 simultaneous connections gets its reply after ${numberText(burst, 'ms')}.`
    );
  },
});
