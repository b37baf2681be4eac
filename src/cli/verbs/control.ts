/** The verbs that ask a running agent for something: reload, metrics, log-level. They wake none. */
import { callControl } from '../../control/client.ts';
import { report } from '../report.ts';
import type { JsonFlag } from './installed.ts';

export function reloadVerb(target: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => callControl({ target, method: 'reload' }),
    render: () => `${target}: the module has been loaded anew\n`,
  });
}

export function metricsVerb(target: string, { json }: JsonFlag): Promise<number> {
  return report({ json, run: () => callControl({ target, method: 'metrics' }), render: String });
}

export function logLevelVerb(target: string, level: string | undefined, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => callControl({ target, method: 'logLevel', params: level === undefined ? [] : [level] }),
    render: (now) => `${now}\n`,
  });
}
