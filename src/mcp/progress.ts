/** The reports of a call as notifications of MCP, whose progress must increase with each of them. */
import type { ProgressReport } from '../../wire/progress.ts';
import { notificationMessage } from './messages.ts';

export type ProgressToken = string | number;

/** Of the text of a value: a message is for people. */
const MAX_TEXT = 8 * 1024;

export type Progress = {
  /** What the handler reports. A report that is no further than an earlier one is left out. */
  report(report: ProgressReport): void;
  /** A value of the stream: its number is the progress. */
  value(text: string): void;
  /** The call has an outcome: nothing more is sent. */
  end(): void;
};

export function createProgress(token: ProgressToken, isStream: boolean, write: (message: object) => void): Progress {
  let last = Number.NEGATIVE_INFINITY;
  let count = 0;
  let isOver = false;

  function send(progress: number, total: number | undefined, message: string | undefined): void {
    if (isOver || !(progress > last) || !Number.isFinite(progress)) return;
    last = progress;
    write(
      notificationMessage('notifications/progress', {
        progressToken: token,
        progress,
        ...(total !== undefined && Number.isFinite(total) && { total }),
        ...(message !== undefined && { message }),
      }),
    );
  }

  return {
    report({ done, total, text }) {
      if (!isStream) return send(done, total, text);
      // The values of a stream are counted: its reports stand among them.
      if (text === undefined) return;
      count += 1;
      send(count, undefined, text);
    },
    value(text) {
      count += 1;
      send(count, undefined, text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
    },
    end() {
      isOver = true;
    },
  };
}
