/**
 * Writes the failures of handlers to the agent's log: one line a second for each method, with the number of the others, and
 * for a developer each of them.
 */
import { fileURLToPath } from 'node:url';
import { LaunchpoolError, toPlain } from '../wire/errors.ts';
import { type PlainError, readPlain } from '../wire/plain-error.ts';
import type { FailurePlaces } from './failure-place.ts';
import { createLinePause } from './line-pause.ts';
import type { WriteLine } from './log-lines.ts';
import { withTrimmedStacks } from './own-frames.ts';
import { isRefusal } from './refused-arguments.ts';

export type FailureLinesOptions = {
  log: WriteLine;
  moduleUrl: string;
  /** Whether the line has the stack and the lines of the source, for a developer. */
  isForDeveloper: boolean;
};

/** @param facts are those of the request, such as its method. */
export type NoteFailure = (method: string, facts: object, thrown: unknown) => void;

export function createFailureLines({ log, moduleUrl, isForDeveloper }: FailureLinesOptions): NoteFailure {
  const mayLog = createLinePause(isForDeveloper ? 0 : undefined);
  /** Made once: it keeps the source maps that it has read. */
  let places: Promise<typeof import('./failure-place.ts') & { found: FailurePlaces }> | undefined;

  async function loadPlaces(): Promise<Awaited<NonNullable<typeof places>>> {
    const loaded = await import('./failure-place.ts');
    return {
      ...loaded,
      found: new loaded.FailurePlaces(moduleUrl.startsWith('file:') ? fileURLToPath(moduleUrl) : ''),
    };
  }

  async function write(method: string, facts: object, thrown: unknown): Promise<void> {
    places ??= loadPlaces();
    const { found, codeFrame } = await places;
    const plain = withTrimmedStacks(toPlain(thrown, { stack: true }));
    // A result that cannot be sent is noticed in launchpool, and its stack has no place of the module.
    const place = ownCodeOf(thrown) === undefined ? found.placeOf(plain.stack ?? '') : undefined;
    const at = place && found.textOf(place);
    if (isForDeveloper) {
      const frame = place && codeFrame(place);
      const title = `${method} failed${at === undefined ? '' : ` at ${at}`}`;
      const text = [title, ...(frame === undefined ? [] : [frame]), ...stacksOf(plain)].join('\n');
      return log('warn', [text.replaceAll('\n', '\n    ')], {});
    }
    const { name, message, code } = plain;
    const error = code === undefined ? { name, message } : { name, message, code };
    log('warn', [{ ...(at !== undefined && { at }), error }, 'handler-failed'], facts);
  }

  return (method, facts, thrown) => {
    // Errors of launchpool are those of the caller, such as a cancellation, except for results that cannot be sent.
    const code = ownCodeOf(thrown);
    if ((code !== undefined && code !== 'ERR_LAUNCHPOOL_RESULT_INVALID') || isRefusal(thrown)) return;
    const others = mayLog(method);
    if (others === undefined) return;
    write(method, others === 0 ? facts : { ...facts, others }, thrown).catch(() => undefined);
  };
}

/** Of an error of launchpool. What a method throws may be anything: a proxy whose traps throw, for example. */
function ownCodeOf(thrown: unknown): string | number | undefined {
  try {
    return thrown instanceof LaunchpoolError ? thrown.code : undefined;
  } catch {
    return undefined;
  }
}

/** The stack of an error, and below it those of its causes. */
function stacksOf({ name, message, stack = `${name}: ${message}`, cause }: PlainError): string[] {
  const below = readPlain(cause);
  return [stack, ...(below === undefined ? [] : stacksOf(below).map((each) => `[cause] ${each}`))];
}
