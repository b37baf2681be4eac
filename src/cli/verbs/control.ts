/** The verbs for the control socket of a running agent: reload, metrics, log-level. They start no process. */
import { callControl } from '../../control/call.ts';
import { changedSources, changeNote } from '../../installed/changed-sources.ts';
import { hostOf } from '../../installed/host.ts';
import { layoutOf } from '../../installed/layout.ts';
import { readRecord } from '../../installed/record.ts';
import { LOG_LEVELS } from '../../log.ts';
import { invalidOption } from '../../options/parse-value.ts';
import { type JsonFlag, report } from '../report.ts';

export function reloadVerb(target: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => callControl({ target, method: 'reload' }),
    render: () => `${target}: the module is reloaded\n${changesOf(target)}`,
  });
}

/** That an installed agent has loaded what it was installed from, if its sources have changed since. */
function changesOf(target: string): string {
  if (target.includes('/')) return '';
  const record = readRecord(layoutOf(target, hostOf()));
  const note = changeNote(target, changedSources(record?.sources));
  return note === undefined ? '' : `${note}\n`;
}

export function metricsVerb(target: string, { json }: JsonFlag): Promise<number> {
  return report({ json, run: () => callControl({ target, method: 'metrics' }), render: String });
}

export function logLevelVerb(target: string, level: string | undefined, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: async () => {
      if (level !== undefined && !LOG_LEVELS.some((each) => each === level))
        throw invalidOption(`${level}: not a level. The levels are ${LOG_LEVELS.join(', ')}`);
      return callControl({ target, method: 'logLevel', params: level === undefined ? [] : [level] });
    },
    render: (current) => `${current}\n`,
  });
}
