/** Runs steps, reports each of them, and undoes them in reverse order when one fails. */
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';

export type StepEvent = {
  step: string;
  /** The title of the step, for people. */
  title: string;
  status: 'started' | 'done' | 'skipped' | 'failed' | 'undone';
  /** The outcome of the step, for people. */
  detail?: string;
};

export type Steps<Step extends string> = {
  /** Runs a step and reports its start and its end. Returns what the action returns. */
  run<Result>(step: Step, action: (ctx: StepContext) => Promise<Result> | Result): Promise<Result>;
  /** Undoes all steps. Returns the error that names the failed step. */
  fail(error: unknown): Promise<LaunchpoolError>;
};

export type StepContext = {
  /** Registers an action that restores the state before. */
  undo(action: () => Promise<void> | void): void;
  /** Sets the outcome of the step, for people. */
  detail(text: string): void;
  /** Marks the step as having nothing to do, with the reason. */
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
          detail(text) {
            outcome = text;
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
  const left = notUndone.length === 0 ? '' : `; could not be undone: ${notUndone.join('; ')}`;
  const error = new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', `step "${step}": ${message}${left}`, {
    cause,
    hint: hint ?? hintOf(cause),
    data: { step },
  });
  // Callers recognise an error of launchpool by its code.
  if (cause instanceof LaunchpoolError) error.code = cause.code;
  return error;
}

function hintOf(cause: unknown): string | undefined {
  const { code, path } = cause as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EROFS') return `Not writable: ${path ?? 'the folder'}.`;
  if (code === 'EPERM') {
    return 'macOS denies background processes Documents, Desktop, Downloads and iCloud. Keep the module elsewhere.';
  }
  if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR') {
    return `Another file is at ${path ?? 'that path'}, or in its path. Move it away, or choose another label.`;
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'The disk is full.';
  return undefined;
}
