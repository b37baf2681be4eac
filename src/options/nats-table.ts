/** The options by which an agent serves on NATS, of `serve`, `run` and `install`. Loaded at each start of an agent. */
import type { Table } from './option.ts';

export const NATS_TABLE = {
  nats: {
    flag: 'nats',
    value: { kind: 'text', placeholder: 'URL' },
    help: 'serves on NATS: nats://HOST[:PORT], or tls://; commas between several hosts',
    details:
      'The packages @nats-io/transport-node and @nats-io/services come from the project. Credentials come from the variables ' +
      'NATS_CREDS, NATS_NKEY, NATS_USER and NATS_PASSWORD, or NATS_TOKEN. See nats.md.',
  },
  serviceName: {
    flag: 'name',
    value: { kind: 'text', placeholder: 'NAME' },
    defaultText: 'named after the module',
    help: 'name of the service on NATS',
    details: 'Letters, digits, `-` and `_`.',
  },
  queue: {
    flag: 'queue',
    value: { kind: 'text', placeholder: 'GROUP' },
    defaultText: 'q',
    help: 'queue group of the endpoints for plain clients of NATS',
  },
  durable: {
    flag: 'durable',
    switch: true,
    help: 'takes calls for later, which JetStream of the NATS server stores until they have run',
    details: 'The package @nats-io/jetstream comes from the project too. See nats.md.',
  },
  maxDeliveries: {
    flag: 'max-deliveries',
    value: { kind: 'count', min: 1, max: 1_000 },
    default: 5,
    help: 'how often a call for later is given to an instance before it becomes a dead letter',
  },
  retryDelayMs: {
    flag: 'retry-delay',
    value: { kind: 'seconds', min: 0, max: 300 },
    default: 1,
    help: 'time before a call for later that has failed runs again; doubled for each further time, up to 300',
  },
  keepResultsMs: {
    flag: 'keep-results',
    value: { kind: 'seconds', min: 1, max: 31_536_000 },
    default: 86_400,
    help: 'how long the outcomes of calls for later can be fetched',
    details: 'Counts for the first instance of a service: later ones find what it has made. So do the next two.',
  },
  replicas: {
    flag: 'replicas',
    value: { kind: 'count', min: 1, max: 5 },
    defaultText: '3 in a cluster of three or more servers, otherwise 1',
    help: 'on how many servers of NATS each call for later is stored',
  },
  maxStoredMb: {
    flag: 'max-stored',
    value: { kind: 'mebibytes', min: 1, max: 1_000_000 },
    defaultText: 'what the NATS server allows',
    help: 'maximum size of the stored calls; of their outcomes; and of the dead letters',
    details: 'A call that has no room is refused with ERR_LAUNCHPOOL_BUSY.',
  },
} as const satisfies Table;
