/** `launchpool status --options`: the state of an installed agent, and every option with its origin. */
import { type AgentStatus, status } from '../../control/status.ts';
import { type DescribedOption, describeOptions } from '../../installed/described-options.ts';
import { hostOf } from '../../installed/host.ts';
import { layoutOf } from '../../installed/layout.ts';
import { readRecord } from '../../installed/record.ts';
import { type JsonFlag, report } from '../report.ts';
import { statusExitStatus, statusText } from '../status-text.ts';

/** Without options if the agent is not installed. */
type StatusWithOptions = AgentStatus & { options?: DescribedOption[] };

export function statusWithOptionsVerb(label: string, { json }: JsonFlag): Promise<number> {
  return report<StatusWithOptions>({
    json,
    async run() {
      const found = await status({ label });
      const record = readRecord(layoutOf(label, hostOf()));
      return record === undefined ? found : { ...found, options: describeOptions(record) };
    },
    render: ({ options = [], ...found }) =>
      options.length === 0 ? statusText(found) : `${statusText(found)}\n${optionsText(options)}`,
    status: statusExitStatus,
  });
}

function optionsText(options: readonly DescribedOption[]): string {
  const rows = options.map((option) => [option.name, valueTextOf(option), originTextOf(option)]);
  const all = [['Option', 'Value', 'From'], ...rows];
  const widthOf = (column: number): number => Math.max(...all.map((row) => (row[column] as string).length));
  const [name, value] = [widthOf(0), widthOf(1)];
  return all.map(([one = '', two = '', three]) => `${one.padEnd(name)}  ${two.padEnd(value)}  ${three}\n`).join('');
}

function valueTextOf({ value, note = '' }: DescribedOption): string {
  return value === null ? note : String(value);
}

function originTextOf({ origin, path }: DescribedOption): string {
  return origin === 'install' ? 'the installation' : (path ?? 'default');
}
