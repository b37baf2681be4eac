/** Where the tasks of a service, their outcomes and its dead letters are: streams of JetStream, with a consumer of all instances. */
import { setTimeout as wait } from 'node:timers/promises';
import { LaunchpoolError } from '../../../wire/errors.ts';
import {
  API_CODES,
  apiCodeOf,
  isNotReady,
  isUnanswered,
  type JetStream,
  jetStreamFailed,
  noJetStream,
  type StreamConfig,
} from '../../nats/later/jetstream.ts';
import { parseOutcome } from '../../nats/later/task-messages.ts';
import {
  CONSUMER,
  deadSubject,
  outcomeSubject,
  streamsOf,
  type TaskNames,
  taskSubject,
} from '../../nats/later/task-names.ts';
import { ACK_WAIT_MS } from './delivery.ts';

export type StoreOptions = {
  service: string;
  /** For errors and people. */
  place: string;
  /** How long outcomes are kept, in milliseconds. */
  keepMs: number;
  /** Copies of each stream; undefined for 3 in a cluster that has as many servers, otherwise 1. */
  replicas: number | undefined;
  /** The maximum length of each stream in bytes; undefined for what the server allows. */
  maxBytes: number | undefined;
  /** Whether the server is one of a cluster. */
  isClustered: boolean;
};

export type TaskStore = {
  readonly streams: TaskNames;
  readonly replicas: number;
  /** The time without word after which a task goes to another instance, in milliseconds. */
  readonly ackWaitMs: number;
  hasOutcome(id: string): Promise<boolean>;
  putOutcome(id: string, body: Uint8Array): Promise<void>;
  putDeadLetter(id: string, body: Uint8Array): Promise<void>;
};

const NANOSECONDS = 1_000_000;
const REPLICAS = 3;
/** How long a cluster may take to have a leader. */
const START_MS = 20_000;
const RETRY_MS = 250;
/** How long JetStream knows the ids of messages, unless outcomes are kept for a shorter time. */
const DUPLICATE_WINDOW_MS = 120_000;
/** Dead letters wait for a person. */
const KEEP_DEAD_MS = 30 * 24 * 3_600_000;
/** The server has fewer members than copies. */
const TOO_FEW_SERVERS: ReadonlySet<number | undefined> = new Set([
  API_CODES.noPeers,
  API_CODES.insufficientResources,
  API_CODES.notClustered,
]);

/**
 * Finds the streams and the consumer, or makes them. Those that are found stay as they are. A cluster that starts gets its time.
 * @throws ERR_LAUNCHPOOL_JETSTREAM_MISSING, ERR_LAUNCHPOOL_OPTION_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED
 */
export async function openTaskStore(jetStream: JetStream, options: StoreOptions): Promise<TaskStore> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      return await findOrMakeAll(jetStream, options);
    } catch (error) {
      if (error instanceof LaunchpoolError) throw error;
      if (isUnanswered(error)) throw noJetStream(options.place, error);
      if (!isNotReady(error) || Date.now() > deadline)
        throw jetStreamFailed(`the tasks of ${options.service} cannot be stored`, error);
      await wait(RETRY_MS);
    }
  }
}

async function findOrMakeAll(jetStream: JetStream, options: StoreOptions): Promise<TaskStore> {
  const { service, keepMs, maxBytes } = options;
  const streams = streamsOf(service);
  const common = { storage: 'file', discard: 'new', ...(maxBytes !== undefined && { max_bytes: maxBytes }) } as const;
  const perSubject = { ...common, max_msgs_per_subject: 1 };
  const { num_replicas } = await findOrMakeStream(jetStream, options, {
    ...perSubject,
    name: streams.tasks,
    subjects: [taskSubject(service, '*')],
    retention: 'workqueue',
    // A second task of an id is refused while the first one waits or runs.
    discard_new_per_subject: true,
    // Without a stored outcome, the id is new.
    duplicate_window: Math.min(DUPLICATE_WINDOW_MS, keepMs) * NANOSECONDS,
  });
  const limits = { ...perSubject, retention: 'limits' } as const;
  await findOrMakeStream(jetStream, options, {
    ...limits,
    name: streams.outcomes,
    subjects: [outcomeSubject(service, '*')],
    max_age: keepMs * NANOSECONDS,
  });
  await findOrMakeStream(jetStream, options, {
    ...limits,
    name: streams.dead,
    subjects: [deadSubject(service, '*')],
    max_age: KEEP_DEAD_MS * NANOSECONDS,
  });
  const ackWaitMs = (await findOrMakeConsumer(jetStream, streams.tasks)).ack_wait / NANOSECONDS;
  return storeOf(jetStream, { service, streams, replicas: num_replicas, ackWaitMs });
}

type Known = Pick<TaskStore, 'streams' | 'replicas' | 'ackWaitMs'> & { service: string };

function storeOf(jetStream: JetStream, { service, ...known }: Known): TaskStore {
  const { streams } = known;
  const { publish } = publisherOf(jetStream);
  return {
    ...known,
    async hasOutcome(id) {
      const query = { last_by_subj: outcomeSubject(service, id) };
      const found = await jetStream.streams.getMessage(streams.outcomes, query);
      // A client can have the reply to any request sent to this subject: a task runs in spite of it.
      return found !== null && parseOutcome(found.data) !== undefined;
    },
    putOutcome: (id, body) => publish(outcomeSubject(service, id), body, streams.outcomes),
    putDeadLetter: (id, body) => publish(deadSubject(service, id), body, streams.dead),
  };
}

function publisherOf(jetStream: JetStream) {
  const client = jetStream.jetstream();
  return {
    async publish(subject: string, body: Uint8Array, streamName: string): Promise<void> {
      await client.publish(subject, body, { expect: { streamName } });
    },
  };
}

async function findOrMakeStream(
  { streams }: JetStream,
  { replicas, isClustered }: StoreOptions,
  config: Omit<StreamConfig, 'num_replicas'>,
): Promise<StreamConfig> {
  const find = async (): Promise<StreamConfig> => (await streams.info(config.name)).config;
  const make = async (num_replicas: number): Promise<StreamConfig> => {
    try {
      return (await streams.add({ ...config, num_replicas })).config;
    } catch (error) {
      // Another instance has made it, with other options.
      if (apiCodeOf(error) === API_CODES.streamNameExists) return find();
      throw error;
    }
  };
  try {
    return await find();
  } catch (error) {
    if (apiCodeOf(error) !== API_CODES.streamNotFound) throw error;
  }
  try {
    return await make(replicas ?? (isClustered ? REPLICAS : 1));
  } catch (error) {
    if (!TOO_FEW_SERVERS.has(apiCodeOf(error))) throw error;
    if (replicas === undefined) return make(1);
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `--replicas ${replicas}: ${(error as Error).message}`, {
      cause: error,
      hint: 'A stream has at most as many copies as the cluster has servers with JetStream.',
    });
  }
}

async function findOrMakeConsumer({ consumers }: JetStream, stream: string): Promise<{ ack_wait: number }> {
  try {
    return (await consumers.info(stream, CONSUMER)).config;
  } catch (error) {
    if (apiCodeOf(error) !== API_CODES.consumerNotFound) throw error;
  }
  const { config } = await consumers.add(stream, {
    durable_name: CONSUMER,
    ack_policy: 'explicit',
    ack_wait: ACK_WAIT_MS * NANOSECONDS,
    // The instances count: JetStream would leave a task without an outcome.
    max_deliver: -1,
    // Those that wait to be tried again count too. Places are the bound of what runs.
    max_ack_pending: -1,
  });
  return config;
}
