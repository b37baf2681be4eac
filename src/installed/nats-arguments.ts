/** What an installation says of its service on NATS, as arguments of the agent. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { checkServiceName, parseServers } from '../nats/target.ts';
import { argumentsOf } from '../options/flags.ts';
import { NATS_TABLE } from '../options/nats-table.ts';
import type { Option } from '../options/option.ts';
import { parseValue } from '../options/parse-value.ts';

export type NatsJobOptions = {
  /** systemd: the servers of NATS on which the agent serves too, such as `nats://host`; the agent is kept running. */
  nats?: string;
  /** Its name there. @default made of the label */
  serviceName?: string;
  /** The queue group of its endpoints. @default that of NATS, `q` */
  queue?: string;
  /** Whether it takes calls for later. The options that follow are about these. @default false */
  durable?: boolean;
  /** How often a call is given to an instance. @default 5 */
  maxDeliveries?: number;
  /** The time before a call that has failed runs again, as on the command line, such as `30s`. @default '1s' */
  retryDelay?: string;
  /** How long outcomes are kept, as on the command line. @default '24h' */
  keepResults?: string;
  /** On how many servers each call is stored. @default 3 in a cluster of so many, otherwise 1 */
  replicas?: number;
  /** The maximum size of the stored calls, of their outcomes and of the dead letters, in MB. @default what the server allows */
  maxStoredMb?: number;
};

/** The rows about calls for later, by the names of the options. */
const LATER = {
  maxDeliveries: NATS_TABLE.maxDeliveries,
  retryDelay: NATS_TABLE.retryDelayMs,
  keepResults: NATS_TABLE.keepResultsMs,
  replicas: NATS_TABLE.replicas,
  maxStoredMb: NATS_TABLE.maxStoredMb,
} as const satisfies Readonly<Record<string, Option>>;

const HINT = 'See `launchpool help install`.';

/**
 * The job is in files, and its command line is there for every user of the machine to see.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID, ERR_LAUNCHPOOL_ADDRESS_INVALID
 */
export function natsArguments(options: NatsJobOptions): string[] {
  const { nats, serviceName, queue, durable } = options;
  const later = laterFlags(options);
  if (nats === undefined) {
    if (serviceName !== undefined || queue !== undefined)
      throw invalid('--name and --queue are those of a service on NATS: --nats is missing');
    if (durable) throw invalid('--durable is about a service on NATS: --nats is missing');
  }
  const [first] = Object.keys(later);
  if (first !== undefined && !durable) throw invalid(`--${first} is about calls for later: --durable is missing`);
  if (nats === undefined) return [];
  const { user, token } = parseServers(nats);
  if (user !== undefined || token !== undefined)
    throw invalid(
      '--nats: the URL has credentials',
      'Leave them out, and give the path of a file: --env NATS_CREDS=FILE.',
    );
  if (serviceName !== undefined) checkServiceName(serviceName);
  if (queue !== undefined) checkServiceName(queue);
  return argumentsOf({ nats, name: serviceName, queue, durable, ...later });
}

/** Those that are given, by their flags. */
function laterFlags(options: NatsJobOptions): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const [key, row] of Object.entries(LATER)) {
    const given = options[key as keyof typeof LATER];
    if (given === undefined) continue;
    parseValue(row.value, String(given), `--${row.flag}`, HINT);
    flags[row.flag] = String(given);
  }
  return flags;
}

function invalid(message: string, hint = HINT): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', message, { hint });
}
