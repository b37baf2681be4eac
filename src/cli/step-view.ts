/** Shows steps as they run: a list of tasks on a terminal, lines elsewhere, nothing with --json. */
import { color, Listr, ListrDefaultRendererLogLevels } from 'listr2';
import type { StepEvent } from '../install/rollback.ts';

export type StepView = {
  onStep: (event: StepEvent) => void;
  /** Resolves when everything is shown. */
  close(): Promise<void>;
};

const SKIPPED = ListrDefaultRendererLogLevels.SKIPPED_WITHOUT_COLLAPSE;

const MARKS = { done: '✔', skipped: '–', failed: '✖', undone: '↩' } as const;

/** @param titles of the steps, in order. */
export function createStepView(titles: Readonly<Record<string, string>>, json: boolean | undefined): StepView {
  if (json) return { onStep: () => undefined, close: async () => undefined };
  return process.stderr.isTTY ? listView(titles) : { onStep: printLine, close: async () => undefined };
}

/** Shows the steps of an action while it runs. */
export async function viewing<Result>(
  titles: Readonly<Record<string, string>>,
  json: boolean | undefined,
  action: (onStep: StepView['onStep']) => Promise<Result>,
): Promise<Result> {
  const view = createStepView(titles, json);
  try {
    return await action(view.onStep);
  } finally {
    await view.close();
  }
}

function printLine({ title, status, detail }: StepEvent): void {
  if (status === 'started') return;
  process.stderr.write(`${MARKS[status]} ${title}${detail === undefined ? '' : `: ${detail}`}\n`);
}

function listView(titles: Readonly<Record<string, string>>): StepView {
  const steps = new Map(Object.keys(titles).map((step) => [step, Promise.withResolvers<StepEvent>()]));
  const undone: StepEvent[] = [];
  const list = new Listr(
    Object.entries(titles).map(([step, title]) => ({
      title,
      task: async (_ctx, task) => {
        const event = await steps.get(step)?.promise;
        if (event?.detail !== undefined) task.title = `${title}: ${event.detail}`;
        if (event?.status === 'skipped') task.skip();
        if (event?.status === 'failed') throw new Error(event.detail);
      },
    })),
    {
      renderer: 'default',
      rendererOptions: {
        collapseSkips: false,
        showErrorMessage: false,
        // By default a warning, which a step without anything to do is not.
        icon: { [SKIPPED]: MARKS.skipped },
        color: { [SKIPPED]: (text = '') => color.dim(text) },
      },
      fallbackRenderer: 'simple',
    },
  );
  // The caller of the steps reports a failure.
  const shown = list.run().catch(() => undefined);
  return {
    onStep(event) {
      if (event.status === 'undone') undone.push(event);
      else if (event.status !== 'started') steps.get(event.step)?.resolve(event);
    },
    async close() {
      // Steps that did not start, because an earlier step failed, are shown as skipped.
      for (const [step, { resolve }] of steps) resolve({ step, title: titles[step] ?? step, status: 'skipped' });
      await shown;
      undone.forEach(printLine);
    },
  };
}
