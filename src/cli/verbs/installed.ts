/** The verbs that change an installed agent: uninstall, restart. */
import { restart } from '../../install/restart.ts';
import { UNINSTALL_STEPS, uninstall } from '../../install/uninstall.ts';
import { changeNote } from '../../installed/changed-sources.ts';
import { type JsonFlag, report } from '../report.ts';
import { createStepView } from '../step-view.ts';

export function uninstallVerb(label: string, { json }: JsonFlag): Promise<number> {
  const view = createStepView(UNINSTALL_STEPS, json);
  return report({
    json,
    run: async () => {
      try {
        return await uninstall({ label, onStep: view.onStep });
      } finally {
        await view.close();
      }
    },
    render: ({ outcome }) => `${label}: ${outcome === 'uninstalled' ? 'uninstalled' : 'was not installed'}\n`,
  });
}

export function restartVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => restart({ label }),
    render: ({ before, pid, changed }) => {
      const note = changeNote(label, changed);
      const text = `${label}: process ${pid}${before === undefined ? '' : ` after ${before}`}\n`;
      return note === undefined ? text : `${text}${note}\n`;
    },
  });
}
