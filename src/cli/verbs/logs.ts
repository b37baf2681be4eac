/** `launchpool logs`: prints the log of an installed agent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { prettyFactory } from 'pino-pretty';
import { logCommandOf } from '../../control/logs.ts';
import { hasColours } from '../../developer-text.ts';
import { defaultsOf, parseOptions } from '../../options/parse-options.ts';
import { LOGS_TABLE } from '../../options/tool-tables.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { reportError } from '../report.ts';

/** Runs until the command that reads the log exits, or until a signal. @returns the exit status. */
export async function logsVerb(label: string, flags: CommanderFlags): Promise<number> {
  try {
    const given = parseOptions(LOGS_TABLE, givenFlags(LOGS_TABLE, flags));
    const { follow, lines, json } = { ...defaultsOf(LOGS_TABLE), ...given };
    const [program, ...args] = logCommandOf({ label }, { follow, lines });
    const child = spawn(program, args, { stdio: ['ignore', json ? 'inherit' : 'pipe', 'inherit'] });
    // Ctrl-C goes to both processes; this one waits for the command.
    process.once('SIGINT', () => undefined);
    process.once('SIGTERM', () => child.kill('SIGTERM'));
    // The reader of the pipe has closed it.
    process.stdout.on('error', () => child.kill('SIGTERM'));
    const closed = once(child, 'close');
    if (child.stdout !== null) {
      const prettify = prettyFactory({
        colorize: hasColours(process.stdout.isTTY === true),
        translateTime: 'SYS:mm-dd HH:MM:ss.l',
        ignore: 'pid',
        singleLine: true,
      });
      createInterface({ input: child.stdout }).on('line', (line) => process.stdout.write(prettify(line)));
    }
    const [status] = await closed;
    return status === 0 || status === null ? 0 : 69;
  } catch (error) {
    return reportError(error, flags.json as boolean | undefined);
  }
}
