/** How a verb says what came of it: as text for people, or as one JSON object with a result or an error. */
import { toPlain } from '../../wire/errors.ts';
import { describe, exitStatusOf } from './failure.ts';

export type Reported<Result> = {
  json: boolean | undefined;
  run: () => Promise<Result>;
  /** The text, with its line ends. */
  render: (result: Result) => string;
  /** @default 0 */
  status?: (result: Result) => number;
};

/** Returns the exit status. */
export async function report<Result>({ json, run, render, status = () => 0 }: Reported<Result>): Promise<number> {
  try {
    const result = await run();
    await print(json ? `${JSON.stringify({ result })}\n` : render(result));
    return status(result);
  } catch (error) {
    if (json) await print(`${JSON.stringify({ error: toPlain(error) })}\n`);
    else process.stderr.write(`launchpool: ${describe(error)}\n`);
    return exitStatusOf(error);
  }
}

function print(text: string): Promise<unknown> {
  return new Promise((resolve) => process.stdout.write(text, resolve));
}
