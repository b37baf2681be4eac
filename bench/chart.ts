/** Draws the results of one question as an SVG: a group of bars for each cell, a bar for each contender. */
import { init } from 'echarts';
import type { Question } from './question.ts';
import { figure, type Result } from './results.ts';
import { numberText } from './text.ts';

const WIDTH = 960;
const HEIGHT = 420;
/** With more bars than this, a number is wider than its bar. */
const MAX_WIDE_BARS = 20;
/** Readable on white and on black. */
const TEXT_COLOR = '#7a838d';
const LINE_COLOR = '#7a838d55';
const COLORS: Readonly<Record<string, string>> = {
  launchpool: '#e8590c',
  inline: '#868e96',
  'inline-zero-copy': '#a5adb5',
  'naive-piscina': '#4c8dd6',
  tinypool: '#2aa198',
  poolifier: '#6c9f3d',
  workerpool: '#b08a1e',
  cluster: '#9668c4',
  'package-agent-new': '#f0a36b',
  'package-agent-again': '#e8590c',
  'package-node': '#868e96',
  'package-node-kept': '#4c8dd6',
  'shell-launchpool': '#e8590c',
  'shell-node': '#868e96',
  'shell-python': '#a64d79',
  'shell-nc': '#2aa198',
  'shell-prettierd': '#4c8dd6',
  'shell-eslint_d': '#9668c4',
};
/** The bars with a number. */
const LABELLED = ['launchpool', 'package-agent-again', 'shell-launchpool'];
const PYTHON_COLORS = ['#d16a9a', '#a64d79'];

/** @returns undefined when there is nothing to draw. */
export function drawChart({ chart }: Pick<Question, 'chart'>, results: readonly Result[]): string | undefined {
  const { field, title, unit, logarithmic } = chart;
  const measured = results.filter((result) => typeof result[field] === 'number' && Number(result[field]) > 0);
  const contenders = chartedContenders(measured);
  const drawn = measured.filter(({ contender }) => contenders.includes(contender));
  const cells = [...new Set(drawn.map(({ cell }) => cell))];
  const narrow = cells.length * contenders.length > MAX_WIDE_BARS;
  if (cells.length === 0 || contenders.length === 0) return undefined;
  const smallest = Math.min(...drawn.map((result) => Number(result[field])));
  const text = (value: number): string => numberText(value, unit);

  const instance = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  instance.setOption({
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: 'system-ui, sans-serif', color: TEXT_COLOR },
    title: { text: title, left: 12, top: 8, textStyle: { fontSize: 14, fontWeight: 'normal', color: TEXT_COLOR } },
    legend: { top: 34, left: 12, itemWidth: 12, itemHeight: 12, itemGap: 20, textStyle: { color: TEXT_COLOR } },
    grid: { left: 76, right: 16, top: 88, bottom: 34 },
    xAxis: {
      type: 'category',
      data: cells,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: TEXT_COLOR } },
      axisLabel: { color: TEXT_COLOR, interval: 0, fontSize: cells.length > 9 ? 10 : cells.length > 6 ? 11 : 12 },
    },
    yAxis: {
      type: logarithmic ? 'log' : 'value',
      ...(logarithmic ? { min: 10 ** Math.floor(Math.log10(smallest * 0.999)) } : {}),
      axisLabel: { color: TEXT_COLOR, formatter: text },
      splitLine: { lineStyle: { color: LINE_COLOR } },
    },
    series: contenders.map((contender, index) => ({
      type: 'bar',
      name: contender,
      barGap: '8%',
      barMaxWidth: 40,
      itemStyle: { color: COLORS[contender] ?? PYTHON_COLORS[index % PYTHON_COLORS.length] ?? TEXT_COLOR },
      label: {
        show: LABELLED.includes(contender),
        position: 'top',
        // Beside higher bars, the number fits only above its own bar.
        ...(narrow ? { rotate: 90, align: 'left', verticalAlign: 'middle' } : {}),
        fontSize: 10,
        color: TEXT_COLOR,
        formatter: ({ value }: { value: unknown }) => text(Number(value)),
      },
      data: cells.map((cell) => figure(drawn, cell, contender, field) ?? null),
    })),
  });
  const svg = instance.renderToSVGString();
  instance.dispose();
  return svg;
}

/** The newest Python only; the generator's own ceiling is in the tables only. */
function chartedContenders(results: readonly Result[]): string[] {
  const all = [...new Set(results.map(({ contender }) => contender))];
  const pythons = all.filter((name) => name.startsWith('python'));
  const newest = pythons.at(-1)?.split('-')[0];
  return all.filter((name) => name !== 'ceiling' && (!pythons.includes(name) || name.startsWith(`${newest}-`)));
}
