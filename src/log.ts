/** The agent's log: pino on standard error, as JSON lines or, in development, for people. */
import { type Logger, pino } from 'pino';

export type Log = Logger;

/** From the most to the least that is said. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogOptions = {
  /** @default 'info', at which nothing is said per request */
  level: LogLevel;
  /** Whether people read it. */
  pretty: boolean;
};

/** Writes synchronously, so that the last words of a process that exits are not lost. */
export async function createLog({ level, pretty }: LogOptions): Promise<Log> {
  const stderr = pino.destination({ dest: 2, sync: true });
  if (!pretty) return pino({ level, base: { pid: process.pid } }, stderr);
  const { default: prettify } = await import('pino-pretty');
  return pino(
    { level, base: { pid: process.pid } },
    prettify({
      destination: stderr,
      colorize: process.stderr.isTTY,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'pid',
      singleLine: true,
    }),
  );
}
