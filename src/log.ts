/** The agent's log: pino on standard error, as JSON lines, or as text in development. */
import type { Logger } from 'pino';
import { guardStandardStreams, standardError } from './standard-streams.ts';

/** From the most verbose to the least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Lines that may wait for pino; further lines are dropped and counted. */
const MAX_BUFFERED = 1_000;

const LEVEL_NUMBERS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;
type LineLevel = keyof typeof LEVEL_NUMBERS;
/** The levels of the agent's own lines. */
type UsedLevel = 'debug' | 'info' | 'warn' | 'error';

/** Logs an event, with optional fields. */
type Write = (...args: [fields: object, event: string] | [event: string]) => void;

export type Log = Readonly<Record<UsedLevel, Write>> & {
  /** Writes a line of the module. */
  ofModule(level: LineLevel, fields: object, text: string): void;
  /** The minimum level. A change applies to later lines. */
  level: LogLevel;
  /** Writes the buffered lines, and ends the buffering of later ones. */
  open(): Promise<void>;
};

export type LogOptions = {
  /** The minimum level; 'info' logs no single requests. */
  level: LogLevel;
  /** Whether to write text for people. */
  pretty: boolean;
};

type Line = { level: LineLevel; time: number; args: Parameters<Write> };

/**
 * Loading pino takes as long as booting a thread, and the first request must not wait for it. So pino is loaded for the
 * first line after open(). No line is lost at the exit of the process if a reader takes it: pino writes synchronously, and
 * buffered lines are written without it. Nothing waits for a reader that has stopped: see log-output.ts.
 */
export function createLog(options: LogOptions): Log {
  let minLevel = options.level;
  let minRank = LOG_LEVELS.indexOf(minLevel);
  let buffered: Line[] = [];
  let mayLoad = false;
  let pino: Logger | undefined;
  let loading: Promise<void> | undefined;
  /** The time of the line that is being written. */
  let now = 0;
  let droppedEarly = 0;
  guardStandardStreams();
  standardError.onDropped = reportDropped;
  process.on('exit', () => {
    writeBuffered();
    standardError.end();
  });

  function write({ level, time, args }: Line): void {
    now = time;
    const writeLine = pino?.[level].bind(pino) as Write;
    writeLine(...args);
  }

  function writeBuffered(): void {
    for (const { level, time, args } of buffered) {
      const [fields, msg] = args.length === 2 ? args : [{}, args[0]];
      const line = { level: LEVEL_NUMBERS[level], time, pid: process.pid, ...fields, msg };
      standardError.write(options.pretty ? textOf(level, time, fields, msg) : `${JSON.stringify(line, errorFields)}\n`);
    }
  }

  async function load(): Promise<void> {
    try {
      pino = await loadPino(options, () => now);
    } catch {
      // Loading failed without a free descriptor. The next line tries again.
      loading = undefined;
      return;
    }
    const lines = buffered;
    buffered = [];
    lines.forEach(write);
    const dropped = droppedEarly;
    droppedEarly = 0;
    if (dropped > 0) standardError.countDropped(dropped);
  }

  function reportDropped(lines: number): void {
    log.warn({ lines }, 'log-lines-dropped');
  }

  const at = (level: LineLevel): Write => {
    const rank = LOG_LEVELS.indexOf(level);
    return (...args) => {
      if (rank < minRank) return;
      const line = { level, time: Date.now(), args };
      if (pino !== undefined) return write(line);
      if (buffered.length < MAX_BUFFERED) buffered.push(line);
      else droppedEarly += 1;
      if (mayLoad) loading ??= load();
    };
  };

  const log: Log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    ofModule: (level, fields, text) => at(level)(fields, text),
    get level() {
      return minLevel;
    },
    set level(level) {
      minLevel = level;
      minRank = LOG_LEVELS.indexOf(level);
    },
    async open() {
      mayLoad = true;
      if (buffered.length > 0) loading ??= load();
      await loading;
    },
  };
  return log;
}

/** As pino-pretty writes a line, which may not be loaded yet. */
function textOf(level: LineLevel, time: number, fields: object, event: string): string {
  const { error, ...rest } = fields as { error?: { message?: unknown } };
  const at = new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(11, 23);
  const reason = error?.message === undefined ? '' : `: ${error.message}`;
  const others = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest, errorFields)}`;
  return `[${at}] ${level.toUpperCase()}: ${event}${reason}${others}\n`;
}

function errorFields(_key: string, value: unknown): unknown {
  return value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value;
}

async function loadPino({ pretty }: LogOptions, now: () => number): Promise<Logger> {
  // The bundle has only the default export.
  const {
    default: { pino },
  } = await import('pino');
  // Lines below the level, which may change, are dropped before pino.
  const settings = { level: 'trace', base: { pid: process.pid }, timestamp: () => `,"time":${now()}` };
  if (!pretty) return pino(settings, standardError);
  const [{ default: prettify }, { isatty }, { developerText, hasColours }] = await Promise.all([
    import('pino-pretty'),
    import('node:tty'),
    import('./developer-text.ts'),
  ]);
  const format = prettify.prettyFactory({
    colorize: hasColours(isatty(2)),
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,error',
    singleLine: true,
    messageFormat: developerText,
  });
  return pino(settings, { write: (line) => standardError.write(format(line)) });
}
