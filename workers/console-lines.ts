/**
 * What the module prints, by its console or to process.stdout and process.stderr, becomes lines of the agent's log, with the
 * request that has printed them. They go on by the streams of the thread, which lose nothing and keep the order: so the main
 * thread only passes them on. A thread that prints nothing makes no stream.
 */
import type { Writable } from 'node:stream';
import type { LineFacts } from './log-lines.ts';
import { inLines, type Line } from './printed-lines.ts';

/** As in the log: https://getpino.io/#/docs/api?id=loggerlevel-string-gettersetter */
const LEVELS = { debug: 20, log: 30, info: 30, warn: 40, error: 50 } as const;
const LEVEL_NAMES: Readonly<Record<number, string>> = { 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR' };
/** Of what is written to a stream without the console. */
const STREAM_LEVELS = { stdout: 30, stderr: 40 } as const;

export type ConsoleLinesOptions = {
  /** Text for people instead of JSON. */
  isForDeveloper: boolean;
  /**
   * Whether the functions of the console stay Node's own: a debugger shows the place that calls them. Then a level is that of
   * the stream.
   */
  keepsConsole: boolean;
  /** The request that the calling code belongs to, if that is known. */
  printing: () => LineFacts | undefined;
};

// The module may replace these.
const { stringify } = JSON;
const { now } = Date;
const { pid } = process;

/** Must be called before the module is loaded. */
export function watchConsole({ isForDeveloper, keepsConsole, printing }: ConsoleLinesOptions): void {
  let consoleLevel: number | undefined;
  const format = isForDeveloper ? textOf : jsonOf;

  function watchLevel(name: keyof typeof LEVELS): void {
    const original = console[name];
    const { [name]: watched } = {
      [name](this: unknown, ...args: unknown[]) {
        const outer = consoleLevel;
        consoleLevel = LEVELS[name];
        try {
          return Reflect.apply(original, this, args);
        } finally {
          consoleLevel = outer;
        }
      },
    };
    Object.assign(console, { [name]: watched });
  }

  function watchStream(name: keyof typeof STREAM_LEVELS): void {
    const descriptor = Object.getOwnPropertyDescriptor(process, name);
    let stream: Writable | undefined;
    Object.defineProperty(process, name, {
      ...descriptor,
      get() {
        const options = { level: STREAM_LEVELS[name], consoleLevel: () => consoleLevel, printing, format };
        stream ??= inLines<Writable>(descriptor?.get?.call(process), options);
        return stream;
      },
    });
  }

  if (!keepsConsole) for (const name of Object.keys(LEVELS) as (keyof typeof LEVELS)[]) watchLevel(name);
  for (const name of ['stdout', 'stderr'] as const) watchStream(name);
}

/** As the other lines of the log. */
function jsonOf({ level, printing, text }: Line): string {
  return `${stringify({ level, time: now(), pid, ...printing, msg: withoutReturn(text) })}\n`;
}

/** As the log of `launchpool dev`. */
function textOf({ level, printing, text }: Line): string {
  const time = new Date(now());
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0'));
  const ms = String(time.getMilliseconds()).padStart(3, '0');
  const id = printing?.request === undefined ? '' : ` (${printing.request})`;
  const origin = printing === undefined ? '' : `${printing.method}${id}: `;
  return `[${clock.join(':')}.${ms}] ${LEVEL_NAMES[level]}: ${origin}${withoutReturn(text)}\n`;
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
