/** Steps that are told of as they go, and undone, the last first, when one of them fails. */
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';

export type StepEvent = {
  step: string;
  /** What it does, for people. */
  title: string;
  status: 'started' | 'done' | 'skipped' | 'failed' | 'undone';
  /** What came of it. */
  detail?: string;
};

export type Steps<Step extends string> = {
  /**
   * @param undo to be called with what brings back the state before.
   * Tells of the step while it is taken.
   * @returns what the action returns.
   */
  run<Result>(step: Step, action: (ctx: StepContext) => Promise<Result> | Result): Promise<Result>;
  /** Undoes all, and returns the error that says which step has failed. */
  fail(error: unknown): Promise<LaunchpoolError>;
};

export type StepContext = {
  undo(action: () => Promise<void> | void): void;
  /** What came of the step, for people. */
  say(detail: string): void;
  /** The step had nothing to do. */
  skip(detail: string): void;
};

/** @param titles of the steps, in their order. */
export function createSteps<Step extends string>(
  titles: Readonly<Record<Step, string>>,
  onStep: (event: StepEvent) => void = () => undefined,
): Steps<Step> {
  const undoing: { step: Step; action: () => Promise<void> | void }[] = [];
  let failed: Step | undefined;

  return {
    async run(step, action) {
      const title = titles[step];
      let outcome: string | undefined;
      let status: 'done' | 'skipped' = 'done';
      onStep({ step, title, status: 'started' });
      try {
        const result = await action({
          undo: (undoAction) => undoing.push({ step, action: undoAction }),
          say(detail) {
            outcome = detail;
          },
          skip(detail) {
            outcome = detail;
            status = 'skipped';
          },
        });
        onStep({ step, title, status, ...(outcome === undefined ? {} : { detail: outcome }) });
        return result;
      } catch (error) {
        failed ??= step;
        onStep({ step, title, status: 'failed', detail: toPlain(error).message });
        throw error;
      }
    },
    async fail(error) {
      const notUndone: string[] = [];
      for (const [index, { step, action }] of undoing.reverse().entries()) {
        try {
          await action();
          if (undoing[index + 1]?.step !== step) onStep({ step, title: titles[step], status: 'undone' });
        } catch (undoError) {
          notUndone.push(`${step}: ${toPlain(undoError).message}`);
        }
      }
      return stepFailed(failed ?? 'begin', error, notUndone);
    },
  };
}

function stepFailed(step: string, cause: unknown, notUndone: readonly string[]): LaunchpoolError {
  const { message, hint } = toPlain(cause);
  const left = notUndone.length === 0 ? '' : ` And this could not be undone: ${notUndone.join('; ')}.`;
  const error = new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', `step "${step}": ${message}${left}`, {
    cause,
    hint: hint ?? hintOf(cause),
    data: { step },
  });
  // What has gone wrong keeps its own code: by that it is known.
  if (cause instanceof LaunchpoolError) error.code = cause.code;
  return error;
}

function hintOf(cause: unknown): string | undefined {
  const { code, path } = cause as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EROFS') return `Not writable: ${path ?? 'the folder'}.`;
  if (code === 'EPERM') {
    return 'macOS lets no background process into Documents, Desktop, Downloads and iCloud: keep the module elsewhere.';
  }
  if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR') {
    return `Something else is at ${path ?? 'that path'}, or in the way to it: move it away, or choose another label.`;
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'The disk is full.';
  return undefined;
}
