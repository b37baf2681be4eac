/** The answer of `nats-capacity`, as text and as JSON. */
import { tableText } from '../text.ts';
import type { Checked } from './check.ts';
import type { CapacityOptions } from './options.ts';
import type { ServiceTimes } from './service-times.ts';
import type { Estimate, Figures } from './simulate.ts';
import type { Row, Sizing } from './sizing.ts';

export type Answer = {
  options: CapacityOptions;
  service: ServiceTimes;
  sizing: Sizing;
  checked?: Checked;
};

const BAR = 40;
const KINDS = { wait: 'wait', response: 'wait and service' } as const;
const QUEUES = {
  central: 'one queue for all instances',
  shortest: 'each request to the instance with the fewest open ones',
  client: "each request to the instance that launchpool's client chooses",
  random: 'each request to a random instance',
} as const;

export function answerText({ options, service, sizing, checked }: Answer): string {
  const { rate, places, choice, target } = options;
  const { load, needed, rows } = sizing;
  const row = rows.find(({ instances }) => instances === needed) as Row;
  const lines = [
    `Service times: ${service.source}.`,
    `Load: ${rate} requests a second of ${msText(service.meanMs)} (coefficient of variation ${service.cv.toFixed(2)}) keep ` +
      `${load.toFixed(2)} places busy; an instance has ${places}.`,
    `Queue: ${QUEUES[choice]}.`,
    `Target: the ${KINDS[target.of]} of 99 in 100 requests takes at most ${msText(target.p99Ms)}.`,
    `Needed: ${needed} instances, with ${percent(row.utilisation)} of their places busy.`,
    '',
    rowsText(rows),
    '',
    plotText(rows, options),
  ];
  if (checked !== undefined) lines.push('', checkedText(checked));
  return lines.join('\n');
}

export function answerJson({ options, service, sizing, checked }: Answer): string {
  const { rate, places, choice, target, seed, requests } = options;
  const { source, meanMs, cv } = service;
  const given = { service: { source, meanMs, cv }, rate, places, choice, target, seed, requests };
  return JSON.stringify({ ...given, ...sizing, ...(checked !== undefined && { check: checked }) }, null, 2);
}

function rowsText(rows: readonly Row[]): string {
  const head = [
    'instances',
    'busy',
    'waiting',
    'wait p50',
    'wait p99',
    '± 95 %',
    'p99 by formula',
    'response p50',
    'p99',
  ];
  return tableText([
    head,
    ...rows.map(({ instances, utilisation, approximate, simulated: { wait, response } }) => [
      String(instances),
      percent(utilisation),
      percent(approximate.waiting),
      msText(wait.p50.value),
      msText(wait.p99.value),
      msText(wait.p99.plusMinus),
      msText(approximate.p99Ms),
      msText(response.p50.value),
      msText(response.p99.value),
    ]),
  ]);
}

function plotText(rows: readonly Row[], { target }: CapacityOptions): string {
  const value = (row: Row, field: 'p50' | 'p99'): number => row.simulated[target.of][field].value;
  const longest = Math.max(...rows.map((row) => value(row, 'p99')), target.p99Ms);
  const width = Math.max(...rows.map(({ instances }) => String(instances).length));
  const lines = rows.map((row) => {
    const [dark, whole] = (['p50', 'p99'] as const).map((field) =>
      longest > 0 ? Math.round((value(row, field) / longest) * BAR) : 0,
    ) as [number, number];
    const bar = '█'.repeat(dark) + '░'.repeat(whole - dark);
    return `${String(row.instances).padStart(width)} ${bar.padEnd(BAR)} ${row.keepsTarget ? 'keeps the target' : ''}`.trimEnd();
  });
  return [
    `The ${KINDS[target.of]} by the number of instances: █ up to p50, ░ up to p99 (${BAR} signs are ${msText(longest)})`,
    ...lines,
  ].join('\n');
}

function checkedText(checked: Checked): string {
  const { instances, seconds, requests, overheadMs, lateP99Ms, isDisturbed, measured, replayed, simulated } = checked;
  const line = (name: string, { mean, p50, p99 }: Figures): string[] => [name, ...[mean, p50, p99].map(msText)];
  return [
    `${instances} real instances, ${requests} requests in ${seconds.toFixed(0)} s. A call without a wait takes ` +
      `${msText(overheadMs)} longer than its handler: that is added to the simulated times.`,
    `One request in a hundred was sent ${msText(lateP99Ms)} late or later.`,
    ...(isDisturbed ? ['The machine has other work, or too few processors: the measured times are too long.'] : []),
    '',
    tableText([
      ['response', 'mean', 'p50', 'p99'],
      line('measured', measured),
      line("the same requests simulated, launchpool's client", replayed.client),
      line('the same requests simulated, one queue', replayed.central),
      [
        "Poisson arrivals simulated, launchpool's client",
        ...[simulated.mean, simulated.p50, simulated.p99].map(estimateText),
      ],
    ]),
  ].join('\n');
}

function estimateText({ value, plusMinus }: Estimate): string {
  return `${msText(value)} ± ${msText(plusMinus)}`;
}

function msText(ms: number): string {
  if (ms === 0) return '0 ms';
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
