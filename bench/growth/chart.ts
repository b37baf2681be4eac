/** Draws curves as an SVG: a panel for each axis, with logarithmic axes, on which a power of the size is a straight line. */
import { init } from 'echarts';
import type { Question } from '../question.ts';
import { figure, type Result } from '../results.ts';
import { numberText } from '../text.ts';
import type { Curve } from './curve.ts';

const WIDTH = 960;
const PANEL_HEIGHT = 300;
const COLUMNS = 2;
const [LEFT, RIGHT, TOP, BOTTOM] = [84, 24, 76, 44];
/** Readable on white and on black. */
const TEXT_COLOR = '#7a838d';
const LINE_COLOR = '#7a838d55';
const COLORS = ['#e8590c', '#4c8dd6', '#2aa198', '#9668c4', '#b08a1e', '#a64d79'];

/** @returns undefined when there is nothing to draw. */
export function drawCurves(
  { curves = [], chart: { field, title, unit } }: Pick<Question, 'curves' | 'chart'>,
  results: readonly Result[],
): string | undefined {
  const drawn = curves
    .map((curve) => ({ curve, data: pointsOf(curve, results, field) }))
    .filter(({ data }) => data.length > 1);
  const panels = [...Map.groupBy(drawn, ({ curve }) => curve.axis)];
  if (panels.length === 0) return undefined;
  const height = TOP + Math.ceil(panels.length / COLUMNS) * PANEL_HEIGHT;
  const width = WIDTH / COLUMNS;
  const left = (panel: number): number => (panel % COLUMNS) * width + LEFT;
  const top = (panel: number): number => Math.floor(panel / COLUMNS) * PANEL_HEIGHT + TOP;
  const text = (value: number): string => numberText(value, unit);
  const axis = { axisLine: { lineStyle: { color: TEXT_COLOR } }, nameTextStyle: { color: TEXT_COLOR } };

  const instance = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  instance.setOption({
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: 'system-ui, sans-serif', color: TEXT_COLOR },
    title: { text: title, left: 12, top: 8, textStyle: { fontSize: 14, fontWeight: 'normal', color: TEXT_COLOR } },
    legend: { top: 34, left: 12, itemWidth: 18, itemHeight: 8, itemGap: 20, textStyle: { color: TEXT_COLOR } },
    grid: panels.map((_unused, panel) => ({
      left: left(panel),
      top: top(panel) + 16,
      width: width - LEFT - RIGHT,
      height: PANEL_HEIGHT - BOTTOM - 40,
    })),
    xAxis: panels.map(([name, own], panel) => ({
      type: 'log',
      logBase: 2,
      gridIndex: panel,
      name,
      nameLocation: 'middle',
      nameGap: 26,
      min: Math.min(...own.flatMap(({ data }) => data.map(([x]) => x))),
      max: Math.max(...own.flatMap(({ data }) => data.map(([x]) => x))),
      axisLabel: { color: TEXT_COLOR, formatter: sizeText, hideOverlap: true },
      splitLine: { show: false },
      ...axis,
    })),
    yAxis: panels.map(([, own], panel) => {
      const costs = own.flatMap(({ data }) => data.map(([, cost]) => cost));
      return {
        type: 'log',
        gridIndex: panel,
        name: `for one ${own[0]?.curve.unit}`,
        nameGap: 12,
        min: 10 ** Math.floor(Math.log10(Math.min(...costs))),
        max: 10 ** Math.ceil(Math.log10(Math.max(...costs))),
        axisLabel: { color: TEXT_COLOR, formatter: text },
        splitLine: { lineStyle: { color: LINE_COLOR } },
        ...axis,
      };
    }),
    series: panels.flatMap(([, own], panel) =>
      own.map(({ curve, data }) => ({
        type: 'line',
        name: curve.name,
        xAxisIndex: panel,
        yAxisIndex: panel,
        symbolSize: 7,
        itemStyle: { color: COLORS[curves.indexOf(curve) % COLORS.length] },
        data,
      })),
    ),
  });
  const svg = instance.renderToSVGString();
  instance.dispose();
  return svg;
}

function pointsOf({ points }: Curve, results: readonly Result[], field: string): [number, number][] {
  return points.flatMap(({ cell, x }): [number, number][] => {
    const cost = figure(results, cell, 'launchpool', field);
    return cost === undefined || cost <= 0 ? [] : [[x, cost]];
  });
}

/** Sizes of messages are powers of two, as are most other numbers of the axes. */
function sizeText(value: number): string {
  if (value >= 2 ** 20) return `${value / 2 ** 20} Mi`;
  return value >= 2 ** 14 ? `${value / 1024} Ki` : String(Math.round(value));
}
