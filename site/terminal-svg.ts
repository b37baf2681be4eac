/** Draws commands and their output as a terminal, in which one command after another appears. */

export type Entry = { readonly command: string; readonly output: string };

const [FONT_PX, LINE_PX, CHARACTER_PX, MARGIN_PX, BAR_PX] = [14, 20, 8.43, 18, 34];
const COLUMNS = 104;
/** How long a command takes to appear, and how long it stays alone, in seconds. */
const [TYPING_S, READING_S, END_S] = [0.9, 0.9, 6];

type Line = { readonly text: string; readonly isCommand: boolean; readonly second: number };

/** @returns an SVG that repeats; without animation, as in a printed page, it shows everything. */
export function terminalSvg(entries: readonly Entry[]): string {
  const lines: Line[] = [];
  let second = 0.4;
  for (const { command, output } of entries) {
    lines.push({ text: command, isCommand: true, second });
    second += TYPING_S;
    for (const text of output.trimEnd().split('\n').flatMap(wrapped)) lines.push({ text, isCommand: false, second });
    second += READING_S;
  }
  const total = second + END_S;
  const width = Math.round(COLUMNS * CHARACTER_PX + 2 * MARGIN_PX);
  const height = BAR_PX + lines.length * LINE_PX + 2 * MARGIN_PX;
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title">
<title id="title">${escaped(entries.map(({ command }) => command).join('; '))}</title>
<style>
  text { font: ${FONT_PX}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
  text { white-space: pre; fill: #d9e2ec; }
  .prompt { fill: #6fc3ab; }
  .command { fill: #ffffff; font-weight: 600; }
${lines.map(({ second: start }, index) => appearance(index, start, total)).join('\n')}
  @media (prefers-reduced-motion: reduce) { g { animation: none; } }
  @media print { g { animation: none; } }
</style>
<rect width="${width}" height="${height}" rx="10" fill="#16201d" stroke="#52606d" />
<circle cx="20" cy="17" r="6" fill="#e5635a" />
<circle cx="40" cy="17" r="6" fill="#e5b54a" />
<circle cx="60" cy="17" r="6" fill="#5fb85c" />
${lines.map(drawn).join('\n')}
</svg>
`;
}

function appearance(index: number, start: number, total: number): string {
  const percent = ((100 * start) / total).toFixed(2);
  const until = (Number(percent) + 0.01).toFixed(2);
  return `  .l${index} { animation: a${index} ${total.toFixed(1)}s step-end infinite; }
  @keyframes a${index} { 0%, ${percent}% { opacity: 0; } ${until}%, 100% { opacity: 1; } }`;
}

function drawn({ text, isCommand }: Line, index: number): string {
  const y = BAR_PX + MARGIN_PX + index * LINE_PX + FONT_PX - 4;
  const content = isCommand
    ? `<tspan class="prompt">$ </tspan><tspan class="command">${escaped(text)}</tspan>`
    : escaped(text);
  return `<g class="l${index}"><text x="${MARGIN_PX}" y="${y}">${content}</text></g>`;
}

function wrapped(line: string): string[] {
  return line.length <= COLUMNS ? [line] : [line.slice(0, COLUMNS), ...wrapped(line.slice(COLUMNS))];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
