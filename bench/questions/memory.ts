/** How much memory does it use: idle, after many requests, and for each open connection? */
import { setTimeout as wait } from 'node:timers/promises';
import type { Sample } from '../measure.ts';
import { type Cell, type Question, question } from '../question.ts';
import { residentBytes } from '../resident.ts';
import { figure } from '../results.ts';
import { numberText, type Unit } from '../text.ts';

const MIB = 2 ** 20;
const REQUESTS = '2 threads';
const CONNECTIONS = '10,000 connections';
/** Enough simultaneous requests to use every thread. */
const FEW = { connections: 16, depth: 4, count: 256 };
const MANY = { connections: 16, depth: 16, count: 10_000 };
const IDLE_CONNECTIONS = 10_000;
/** Freed memory is returned to the system some time later, if at all. */
const SETTLE_MS = 1_000;

export const memory: Question = question<Cell>({
  name: 'memory',
  asks: 'How much memory does it use: idle, after many requests, and for each open connection?',
  mode: 'raw',
  handler: 'rot13',
  cells: [
    { name: REQUESTS, quick: true },
    // It would need a thread for each connection.
    { name: CONNECTIONS, quick: true, without: ['python-pool'] },
  ],
  kinds: ['launchpool', 'inline', 'naive-piscina', 'tinypool', 'poolifier', 'workerpool', 'cluster', 'python-pool'],
  quickKinds: ['launchpool', 'naive-piscina'],
  quickRounds: 1,
  alone: true,
  async measure({ cell, generator, socketPath, pid }): Promise<Sample> {
    const settled = async (): Promise<number> => {
      await wait(SETTLE_MS);
      return residentBytes(pid);
    };
    await generator.load({ socketPath, ...FEW });
    const idle = await settled();
    if (cell.name === REQUESTS) {
      await generator.load({ socketPath, ...MANY });
      return { idleMiB: idle / MIB, afterMiB: (await settled()) / MIB };
    }
    const held = await generator.hold({ socketPath, connections: IDLE_CONNECTIONS, every: IDLE_CONNECTIONS / 100 });
    const holding = await settled();
    await held.release();
    return { bytesPerConnection: Math.max(0, holding - idle) / held.figures.connections };
  },
  ratios: [
    { field: 'idleToInline', of: 'idleMiB', to: 'inline' },
    { field: 'afterToNaive', of: 'afterMiB', to: 'naive-piscina' },
  ],
  columns: [
    { field: 'idleMiB', title: 'idle', unit: 'mib' },
    { field: 'afterMiB', title: 'after 10,000 requests', unit: 'mib' },
    { field: 'bytesPerConnection', title: 'per idle connection', unit: 'bytes' },
  ],
  chart: { field: 'afterMiB', title: 'resident memory after 10,000 requests', unit: 'mib', logarithmic: false },
  answer(results) {
    const of = (cell: string, field: string, unit: Unit): string =>
      numberText(figure(results, cell, 'launchpool', field), unit);
    return `launchpool uses ${of(REQUESTS, 'idleMiB', 'mib')} idle, ${of(REQUESTS, 'afterMiB', 'mib')} after 10,000 requests, and ${of(CONNECTIONS, 'bytesPerConnection', 'bytes')} for each idle connection (resident, all its processes).`;
  },
});
