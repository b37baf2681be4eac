/** The output of `launchpool top`: a table on a terminal, lines in a pipe, or JSON. */
import { once } from 'node:events';
import type { Figures } from './figures.ts';
import { openScreen } from './screen.ts';
import { agentLine, tableOf } from './table.ts';

const NO_AGENTS = 'No agent is installed.';

export type View = { show(agents: readonly Figures[]): Promise<void> | void; close(): void };

export type ViewOptions = {
  once: boolean | undefined;
  json: boolean | undefined;
  /** Is aborted when the user ends the view. */
  ending: AbortController;
  /** Shows the last figures again, after a change of the terminal's size. */
  redraw: () => void;
};

export function openView({ once: isOnce, json, ending, redraw }: ViewOptions): View {
  const { stdout, stdin } = process;
  const close = (): void => undefined;
  const print = (text: string): Promise<void> => write(text, ending.signal);
  if (json)
    return { show: (agents) => print(`${JSON.stringify({ time: new Date().toISOString(), agents })}\n`), close };
  if (!stdout.isTTY) {
    return { show: (agents) => print(agents.length === 0 ? `${NO_AGENTS}\n` : asText(agents.map(agentLine))), close };
  }
  const unlimited = { columns: stdout.columns, rows: Number.POSITIVE_INFINITY };
  if (isOnce) return { show: (agents) => print(asText(tableLines(agents, unlimited))), close };
  const input = stdin.isTTY ? stdin : undefined;
  const screen = openScreen({ output: stdout, input, onEnd: () => ending.abort(), onResize: redraw });
  return { show: (agents) => screen.draw(tableLines(agents, screen.size)), close: screen.close };
}

function tableLines(agents: readonly Figures[], size: { columns: number; rows: number }): string[] {
  return agents.length === 0 ? [NO_AGENTS] : tableOf(agents, size);
}

function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Waits for a slow reader, which then gets fewer figures instead of old ones. */
async function write(text: string, ending: AbortSignal): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain', { signal: ending });
}
