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
} as const satisfies Table;
