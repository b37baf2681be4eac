/** Draws the memory and descriptors of an agent over a soak as an SVG. */
import { init } from 'echarts';
import type { SoakSample } from './soak-growth.ts';

/** Readable on white and on black. */
const TEXT_COLOR = '#7a838d';
const LINE_COLOR = '#7a838d55';

export function drawSoak(samples: readonly SoakSample[]): string {
  const instance = init(null, null, { renderer: 'svg', ssr: true, width: 960, height: 360 });
  const lines = [
    ['memory of the process, MiB', '#e8590c', ({ rssMiB }: SoakSample) => rssMiB],
    ['heap of the main thread, MiB', '#4c8dd6', ({ heapMiB }: SoakSample) => heapMiB],
    ['descriptors', '#2aa198', ({ descriptors }: SoakSample) => descriptors],
  ] as const;
  const axisLabel = { color: TEXT_COLOR };
  instance.setOption({
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: 'system-ui, sans-serif', color: TEXT_COLOR },
    legend: { top: 8, left: 12, textStyle: { color: TEXT_COLOR } },
    grid: { left: 56, right: 24, top: 48, bottom: 44 },
    xAxis: {
      type: 'value',
      name: 'minutes',
      nameLocation: 'middle',
      nameGap: 26,
      axisLabel,
      splitLine: { show: false },
    },
    yAxis: { type: 'value', min: 0, axisLabel, splitLine: { lineStyle: { color: LINE_COLOR } } },
    series: lines.map(([name, color, value]) => ({
      type: 'line',
      name,
      showSymbol: false,
      color,
      data: samples.map((sample) => [sample.seconds / 60, value(sample)]),
    })),
  });
  const svg = instance.renderToSVGString();
  instance.dispose();
  return svg;
}
