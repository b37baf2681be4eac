/** The verbs by which programs find an installed agent: path, env. They start nothing. */
import { shellWord } from '../../../wire/shell-word.ts';
import { hostOf } from '../../installed/host.ts';
import { layoutOf } from '../../installed/layout.ts';
import { mustBeInstalled } from '../../installed/record.ts';
import { type JsonFlag, report } from '../report.ts';

export function pathVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: async () => variablesOf(label).LAUNCHPOOL_SOCKET,
    render: (path) => `${path}\n`,
  });
}

export function envVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report({
    json,
    run: async () => variablesOf(label),
    render: (variables) =>
      Object.entries(variables)
        .map(([name, value]) => `export ${name}=${shellWord(value)}\n`)
        .join(''),
  });
}

type Variables = Record<'LAUNCHPOOL_LABEL' | 'LAUNCHPOOL_SOCKET' | 'LAUNCHPOOL_CONTROL_SOCKET', string> &
  Partial<Record<'LAUNCHPOOL_AUTHKEY_FILE' | 'LAUNCHPOOL_LOG', string>>;

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_NOT_INSTALLED */
function variablesOf(label: string): Variables {
  const host = hostOf();
  const { logFile, options } = mustBeInstalled(label, host);
  const { agent, control } = layoutOf(label, host).sockets;
  const { 'authkey-file': authkeyFile } = Object(options.agent) as { 'authkey-file'?: string };
  return {
    LAUNCHPOOL_LABEL: label,
    LAUNCHPOOL_SOCKET: agent,
    LAUNCHPOOL_CONTROL_SOCKET: control,
    ...(authkeyFile !== undefined && { LAUNCHPOOL_AUTHKEY_FILE: authkeyFile }),
    ...(logFile !== undefined && { LAUNCHPOOL_LOG: logFile }),
  };
}
