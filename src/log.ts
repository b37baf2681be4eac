/** The agent's log: pino on standard error, as JSON lines or, in development, for people. */
import { writeSync } from 'node:fs';
import type { Logger } from 'pino';

/** From the most to the least that is said. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** So many characters wait for a disk that is full; then lines are dropped. */
const MAX_UNWRITTEN = 1024 * 1024;

/** So many lines wait for pino; then lines are dropped. */
const MAX_KEPT = 1_000;

const USED_LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;
type UsedLevel = keyof typeof USED_LEVELS;

/** Says something, with fields that a program may read. */
type Say = (...said: [fields: object, message: string] | [message: string]) => void;

export type Log = Readonly<Record<UsedLevel, Say>> & {
  /** The least that is said; may be changed at any time, and counts for what is said from then on. */
  level: LogLevel;
  /** Writes what has been said up to now, and from now on what is said. Before, it is kept. */
  open(): Promise<void>;
};

export type LogOptions = {
  /** @default 'info', at which nothing is said per request */
  level: LogLevel;
  /** Whether people read it. */
  pretty: boolean;
};

type Line = { level: UsedLevel; time: number; said: Parameters<Say> };

/**
 * pino takes as long to load as a thread takes to boot, and the first request shall not wait for it: it is loaded when
 * there is something to say, and not before open(). The last words of a process that exits are not lost: they are
 * written synchronously, by pino or, before it is there, without it.
 */
export function createLog(options: LogOptions): Log {
  let minLevel = options.level;
  let minRank = LOG_LEVELS.indexOf(minLevel);
  let buffered: Line[] = [];
  let mayLoad = false;
  let pino: Logger | undefined;
  let loading: Promise<void> | undefined;
  /** Of the line that is being written. */
  let now = 0;
  process.on('exit', writeBuffered);

  function write({ level, time, said }: Line): void {
    now = time;
    const say = pino?.[level].bind(pino) as Say;
    say(...said);
  }

  function writeBuffered(): void {
    for (const { level, time, said } of buffered) {
      const [fields, msg] = said.length === 2 ? said : [{}, said[0]];
      const line = { level: USED_LEVELS[level], time, pid: process.pid, ...fields, msg };
      try {
        writeSync(2, `${JSON.stringify(line, plain)}\n`);
      } catch {
        // The disk is full, and there is nobody else to be told.
      }
    }
  }

  async function load(): Promise<void> {
    try {
      pino = await loadPino(options, () => now);
    } catch {
      // There is no descriptor to load it with. What is said next tries again.
      loading = undefined;
      return;
    }
    const lines = buffered;
    buffered = [];
    lines.forEach(write);
  }

  const at = (level: UsedLevel): Say => {
    const rank = LOG_LEVELS.indexOf(level);
    return (...said) => {
      if (rank < minRank) return;
      const line = { level, time: Date.now(), said };
      if (pino !== undefined) return write(line);
      if (buffered.length < MAX_KEPT) buffered.push(line);
      if (mayLoad) loading ??= load();
    };
  };

  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    get level() {
      return minLevel;
    },
    set level(level) {
      minLevel = level;
      minRank = LOG_LEVELS.indexOf(level);
    },
    async open() {
      mayLoad = true;
      // What the module prints goes through these, and their errors would end the process. To load them takes longer
      // than the first request shall wait.
      for (const stream of [process.stdout, process.stderr]) stream.on('error', ignore);
      if (buffered.length > 0) loading ??= load();
      await loading;
    },
  };
}

/** Of a log that cannot be written nobody can be told; requests are answered all the same. */
function ignore(): void {}

function plain(_key: string, value: unknown): unknown {
  return value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value;
}

async function loadPino({ pretty }: LogOptions, now: () => number): Promise<Logger> {
  // As a default export, which it has in a bundle too.
  const {
    default: { pino },
  } = await import('pino');
  // What is below the level, which may change, does not come as far as this.
  const settings = { level: 'trace', base: { pid: process.pid }, timestamp: () => `,"time":${now()}` };
  const stderr = pino.destination({ dest: 2, sync: true, maxLength: MAX_UNWRITTEN });
  stderr.on('error', ignore);
  if (!pretty) return pino(settings, stderr);
  const { default: prettify } = await import('pino-pretty');
  return pino(
    settings,
    prettify({
      destination: stderr,
      colorize: process.stderr.isTTY,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'pid',
      singleLine: true,
    }),
  );
}
