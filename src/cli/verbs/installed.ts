/** The verbs that change an installed agent: uninstall, stop, start, restart. */
import { restart } from '../../install/restart.ts';
import { START_STEPS, start } from '../../install/start.ts';
import { STOP_STEPS, stop } from '../../install/stop.ts';
import { UNINSTALL_STEPS, uninstall } from '../../install/uninstall.ts';
import { changeNote } from '../../installed/changed-sources.ts';
import { type JsonFlag, report } from '../report.ts';
import { viewing } from '../step-view.ts';

export function uninstallVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => viewing(UNINSTALL_STEPS, json, (onStep) => uninstall({ label, onStep })),
    render: ({ outcome }) => `${label}: ${outcome === 'uninstalled' ? 'uninstalled' : 'was not installed'}\n`,
  });
}

export function stopVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => viewing(STOP_STEPS, json, (onStep) => stop({ label, onStep })),
    render: ({ outcome }) => `${label}: ${outcome === 'stopped' ? 'stopped' : 'was stopped already'}\n`,
  });
}

export function startVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => viewing(START_STEPS, json, (onStep) => start({ label, onStep })),
    render: ({ outcome, pid }) =>
      outcome === 'started' ? `${label}: started, process ${pid}\n` : `${label}: was not stopped\n`,
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
