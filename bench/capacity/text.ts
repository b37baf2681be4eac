/** A plan as text: a table, and a bar for each number of instances. */
import { tableText } from '../text.ts';
import type { Demand, Plan, Row } from './instances.ts';

const BAR_WIDTH = 30;
/** Rows from the first on; those between are left out. */
const MAX_ROWS = 15;

export function planText({ rows, needed }: Plan, demand: Demand): string {
  const { perSecond, times, placesEach, p99Ms, spare, maxInstances } = demand;
  const load = (perSecond * times.meanMs) / 1000;
  const asked = [
    `${perSecond} requests a second of ${msText(times.meanMs)} (variation ${times.variation.toFixed(2)})`,
    `keep ${load.toFixed(2)} places busy; an instance has ${placesEach}.`,
  ].join(' ');
  const shown = rows.length <= MAX_ROWS ? rows : [...rows.slice(0, MAX_ROWS - 5), ...rows.slice(-5)];
  const highest = Math.max(...shown.map((row) => row.p99Ms));
  const titles = ['instances', 'busy', 'mean wait', 'by formula', 'p50', 'p99', ''];
  const table = tableText([titles, ...shown.map((row) => cellsOf(row, highest))]);
  const end =
    needed === undefined
      ? `${maxInstances} instances are too few for a p99 of ${msText(p99Ms)}: raise --max, or --places.`
      : `${needed} instances: ${needed - spare} for a p99 of ${msText(p99Ms)}, and ${spare} that may be gone.`;
  return `${asked}\n\n${table}\n\n${end}\n`;
}

function cellsOf(row: Row, highest: number): string[] {
  const wait = `${msText(row.meanWaitMs)} ± ${msText(row.meanWaitErrorMs)}`;
  const bar = '█'.repeat(Math.max(1, Math.round((BAR_WIDTH * row.p99Ms) / highest)));
  const busy = `${Math.round(row.utilisation * 100)} %`;
  return [String(row.instances), busy, wait, msText(row.formulaWaitMs), msText(row.p50Ms), msText(row.p99Ms), bar];
}

export function msText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  return ms >= 100 ? `${Math.round(ms)} ms` : `${Number(ms.toPrecision(2))} ms`;
}
