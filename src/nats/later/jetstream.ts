/**
 * JetStream, the storage of the NATS server: what launchpool uses of `@nats-io/jetstream`, and its errors by name. Loaded only for
 * calls for later. https://nats-io.github.io/nats.js/jetstream/
 */
import { LaunchpoolError } from '../../../wire/errors.ts';
import { type LibraryOptions, loadNatsPackage } from '../library.ts';
import type { NatsConnection } from '../nats-types.ts';

/** Times are in nanoseconds. https://docs.nats.io/reference/reference-protocols/nats_api_reference */
export type StreamConfig = {
  name: string;
  subjects: string[];
  retention: 'limits' | 'workqueue';
  storage: 'file';
  discard: 'new';
  discard_new_per_subject?: boolean;
  max_msgs_per_subject: number;
  max_age?: number;
  duplicate_window?: number;
  max_bytes?: number;
  num_replicas: number;
};

export type ConsumerConfig = {
  durable_name: string;
  ack_policy: 'explicit';
  ack_wait: number;
  max_deliver: number;
  max_ack_pending: number;
};

export type JetStream = {
  streams: {
    info(name: string): Promise<{ config: StreamConfig }>;
    add(config: StreamConfig): Promise<{ config: StreamConfig }>;
    /** Null if there is none. */
    getMessage(stream: string, query: { last_by_subj: string }): Promise<{ readonly data: Uint8Array } | null>;
  };
  consumers: {
    info(stream: string, name: string): Promise<{ config: ConsumerConfig }>;
    add(stream: string, config: ConsumerConfig): Promise<{ config: ConsumerConfig }>;
  };
  getAccountInfo(): Promise<unknown>;
  jetstream(): {
    publish(
      subject: string,
      payload: Uint8Array,
      options: { msgID?: string; expect: { streamName: string }; retries?: number; timeout?: number },
    ): Promise<{ duplicate: boolean }>;
  };
};

export type JetStreamLibrary = {
  // As a method with any connection: that of the package has more than launchpool uses.
  jetstreamManager(nats: never, options: { checkAPI: false }): Promise<unknown>;
};

/** https://github.com/nats-io/nats-server/blob/v2.9.10/server/errors.json */
export const API_CODES = {
  consumerNotFound: 10_014,
  notEnabledForAccount: 10_039,
  storeFailed: 10_077,
  streamNotFound: 10_059,
  insufficientResources: 10_023,
  noPeers: 10_005,
  notClustered: 10_074,
  notAvailable: 10_008,
  streamNameExists: 10_058,
  messageTooLong: 10_054,
} as const;

/**
 * Sends nothing.
 * @param library where to look for the package, or the package.
 * @throws ERR_LAUNCHPOOL_NATS_MISSING
 */
export async function openJetStream(
  nats: NatsConnection,
  library: LibraryOptions | JetStreamLibrary = {},
): Promise<JetStream> {
  const isLoaded = 'jetstreamManager' in library;
  const { jetstreamManager } = isLoaded ? library : await loadNatsPackage<JetStreamLibrary>('jetstream', library);
  return (await jetstreamManager(nats as never, { checkAPI: false })) as JetStream;
}

/** Errors of the package: its classes are those of the user's project. */
export function apiCodeOf(error: unknown): number | undefined {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/**
 * Whether no stream has answered. For a message it does not say why: the server has no JetStream, or there is no such stream; a
 * question to JetStream itself does.
 */
export function isUnanswered(error: unknown): boolean {
  const { name, isNoResponders } = Object(error) as { name?: unknown; isNoResponders?: () => boolean };
  // The second, if the packages of the project have different versions of their core.
  return name === 'JetStreamNotEnabled' || (typeof isNoResponders === 'function' && isNoResponders.call(error));
}

/** Whether a cluster has no leader yet, as when it starts. */
export function isNotReady(error: unknown): boolean {
  return apiCodeOf(error) === API_CODES.notAvailable || (error as Error | undefined)?.name === 'TimeoutError';
}

/** Whether a message can never be stored as it is: it is longer than the server or the stream takes, or its subject is not valid. */
export function isUnstorable(error: unknown): boolean {
  const { name } = Object(error) as { name?: unknown };
  const isRefusedHere = name === 'InvalidArgumentError' || name === 'InvalidSubjectError';
  return isRefusedHere || apiCodeOf(error) === API_CODES.messageTooLong;
}

export function noJetStream(place: string, cause: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_JETSTREAM_MISSING', `NATS at ${place} has no JetStream for this account`, {
    cause,
    hint: 'Start the NATS server with -js and a folder, -sd FOLDER, and enable JetStream for the account.',
  });
}

/** Any other error of JetStream: a server that does not answer, a refused permission. */
export function jetStreamFailed(what: string, cause: unknown): LaunchpoolError {
  const { message } = Object(cause) as { message?: unknown };
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECT_FAILED', `${what}: ${String(message)}`, {
    cause,
    hint: 'Check the log of the NATS server, and the permissions of the account: nats.md lists them.',
  });
}
