/** The verbs for the control socket of a running agent: reload, metrics, log-level. They start no process. */
import { callControl } from '../../control/call.ts';
import { type JsonFlag, report } from '../report.ts';

export function reloadVerb(target: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => callControl({ target, method: 'reload' }),
    render: () => `${target}: the module is reloaded\n`,
  });
}

export function metricsVerb(target: string, { json }: JsonFlag): Promise<number> {
  return report({ json, run: () => callControl({ target, method: 'metrics' }), render: String });
}

export function logLevelVerb(target: string, level: string | undefined, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: () => callControl({ target, method: 'logLevel', params: level === undefined ? [] : [level] }),
    render: (current) => `${current}\n`,
  });
}
