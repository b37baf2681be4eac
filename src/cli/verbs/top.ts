/** `launchpool top`: how agents are doing, again and again. Asks only those that have a process. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type Observation, type Observer, observe } from '../../control/observe.ts';
import { installedLabels } from '../../installed/labels.ts';
import { defaultsOf, parseOptions } from '../../options/parse-options.ts';
import { TOP_TABLE } from '../../options/verb-tables.ts';
import { describe, exitStatusOf } from '../failure.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { type Figures, figuresOf } from '../top/figures.ts';
import { openScreen } from '../top/screen.ts';
import { lineOf, tableOf } from '../top/table.ts';

/** An agent's main thread answers at once; of one that does not, the others wait so long, and once. */
const TIMEOUT_MS = 2_000;
const NO_PROCESS = 'No agent is installed.';

/** @param target all that are installed, if it is left out. */
export async function topVerb(target: string | undefined, flags: CommanderFlags): Promise<number> {
  const watch = watchAgents(target);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  // Whoever has read has seen enough.
  process.stdout.on('error', end);
  let view: View | undefined;
  try {
    const given = parseOptions(TOP_TABLE, givenFlags(TOP_TABLE, flags));
    const options = { ...defaultsOf(TOP_TABLE), ...given };
    let agents = await watch.next(TIMEOUT_MS);
    view = viewOf(options, ending, () => view?.show(agents));
    await view.show(agents);
    while (!options.once && !ending.signal.aborted) {
      await wait(options.intervalMs, undefined, { signal: ending.signal });
      agents = await watch.next(TIMEOUT_MS);
      if (!ending.signal.aborted) await view.show(agents);
    }
    return 0;
  } catch (error) {
    if (ending.signal.aborted) return 0;
    process.stderr.write(`launchpool: ${describe(error)}\n`);
    return exitStatusOf(error);
  } finally {
    view?.close();
    watch.close();
  }
}

type Watched = { next(timeoutMs: number): Promise<Figures[]>; close(): void };

function watchAgents(target: string | undefined): Watched {
  const observers = new Map<string, Observer>();
  const before = new Map<string, Observation>();

  /** Some may have been installed, or uninstalled, since the last time. */
  function current(): Observer[] {
    const names = target === undefined ? installedLabels() : [target];
    for (const [name, observer] of observers) {
      if (names.includes(name)) continue;
      observer.close();
      observers.delete(name);
    }
    for (const name of names) if (!observers.has(name)) observers.set(name, observe(name));
    return names.map((name) => observers.get(name) as Observer);
  }

  async function figuresFrom({ name, next }: Observer, timeoutMs: number): Promise<Figures> {
    const found = await next(timeoutMs);
    const figures = figuresOf(name, found, before.get(name));
    before.set(name, found);
    return figures;
  }

  return {
    next: async (timeoutMs) => Promise.all(current().map((observer) => figuresFrom(observer, timeoutMs))),
    close() {
      for (const observer of observers.values()) observer.close();
    },
  };
}

type View = { show(agents: readonly Figures[]): Promise<void> | void; close(): void };

function viewOf(
  { once: isOnce, json }: { once: boolean; json: boolean },
  ending: AbortController,
  redraw: () => void,
): View {
  const { stdout, stdin } = process;
  const close = (): void => undefined;
  const say = (text: string): Promise<void> => print(text, ending.signal);
  if (json) return { show: (agents) => say(`${JSON.stringify({ time: new Date().toISOString(), agents })}\n`), close };
  if (!stdout.isTTY) {
    return { show: (agents) => say(agents.length === 0 ? `${NO_PROCESS}\n` : agents.map(withEnd).join('')), close };
  }
  const whole = { columns: stdout.columns, rows: Number.POSITIVE_INFINITY };
  if (isOnce)
    return {
      show: (agents) =>
        say(
          linesOf(agents, whole)
            .map((line) => `${line}\n`)
            .join(''),
        ),
      close,
    };
  const input = stdin.isTTY ? stdin : undefined;
  const screen = openScreen({ output: stdout, input, onEnd: () => ending.abort(), onResize: redraw });
  return { show: (agents) => screen.draw(linesOf(agents, screen.size)), close: screen.close };
}

function linesOf(agents: readonly Figures[], size: { columns: number; rows: number }): string[] {
  return agents.length === 0 ? [NO_PROCESS] : tableOf(agents, size);
}

function withEnd(agent: Figures): string {
  return `${lineOf(agent)}\n`;
}

/** Whoever reads slowly gets fewer answers, not all of them later. */
async function print(text: string, ending: AbortSignal): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain', { signal: ending });
}
