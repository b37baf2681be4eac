/** Prints the result of a verb as text, or as one JSON object with a result or an error. */
import { toPlain } from '../../wire/errors.ts';
import { describe, exitStatusOf } from './failure.ts';
import { print } from './print.ts';

export type JsonFlag = { json?: boolean };

export type Reported<Result> = {
  json: boolean | undefined;
  run: () => Promise<Result>;
  /** The text, with a line end after each line. */
  render: (result: Result) => string;
  /** @default 0 */
  status?: (result: Result) => number;
};

/** Runs the verb and prints its result or error. @returns the exit status. */
export async function report<Result>({ json, run, render, status = () => 0 }: Reported<Result>): Promise<number> {
  try {
    const result = await run();
    await print(json ? `${JSON.stringify({ result })}\n` : render(result));
    return status(result);
  } catch (error) {
    return reportError(error, json);
  }
}

/** Prints an error as text, or as JSON on standard output. @returns its exit status. */
export async function reportError(error: unknown, json: boolean | undefined): Promise<number> {
  if (json) await print(`${JSON.stringify({ error: toPlain(error) })}\n`);
  else process.stderr.write(`launchpool: ${describe(error)}\n`);
  return exitStatusOf(error);
}
