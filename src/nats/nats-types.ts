/**
 * What launchpool uses of the packages `@nats-io/*`, which are not among its dependencies: they come from the user's project.
 * https://nats-io.github.io/nats.js/core/interfaces/NatsConnection.html
 */

export type NatsMessage = {
  readonly subject: string;
  /** Empty if no reply is wanted. */
  readonly reply?: string;
  readonly data: Uint8Array;
  /** Throws if they cannot be decoded: see headerOf(). */
  readonly headers?: NatsHeaders;
};

export type NatsHeaders = {
  /** The status that a server has set, and 0 otherwise. */
  readonly code: number;
  get(name: string): string;
  set(name: string, value: string): void;
};

export type NatsSubscription = {
  unsubscribe(): void;
  /** Unsubscribes, and resolves when the messages that have arrived are handled. */
  drain(): Promise<void>;
};

export type NatsStatus = { readonly type: string; readonly server?: string; readonly error?: Error };

/** The part of a connection that links need. */
export type NatsWire = {
  readonly info?: { readonly max_payload: number } | undefined;
  publish(subject: string, payload: Uint8Array, options?: { reply?: string; headers?: NatsHeaders }): void;
  subscribe(
    subject: string,
    options: { queue?: string; callback: (error: Error | null, message: NatsMessage) => void },
  ): NatsSubscription;
};

export type NatsConnection = NatsWire & {
  readonly info?: { readonly max_payload: number; readonly server_name: string; readonly cluster?: string } | undefined;
  request(
    subject: string,
    payload?: Uint8Array,
    options?: { timeout: number; headers?: NatsHeaders },
  ): Promise<NatsMessage>;
  requestMany(
    subject: string,
    payload?: Uint8Array,
    options?: { strategy?: string; maxWait?: number; stall?: number },
  ): Promise<AsyncIterable<NatsMessage>>;
  /** The iteration ends with the connection, or by `stop()`. */
  status(): AsyncIterable<NatsStatus> & { stop(): void };
  getServer(): string;
  flush(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
  closed(): Promise<undefined | Error>;
  isClosed(): boolean;
};

/** The status of a reply for which no subscriber is: the NATS server sends it at once. */
export const NO_RESPONDERS = 503;

/** What `connect()` of `@nats-io/transport-node` takes; the whole of it is in the documentation of that package. */
export type NatsOptions = { readonly servers?: string | readonly string[]; readonly [option: string]: unknown };

/** https://nats-io.github.io/nats.js/services/types/ServiceConfig.html */
export type ServiceConfig = {
  name: string;
  version: string;
  description: string;
  metadata: Record<string, string>;
  queue?: string;
  statsHandler?: (endpoint: { readonly name: string }) => Promise<unknown>;
};

export type ServiceRequest = NatsMessage & {
  respond(payload: Uint8Array, options?: { headers?: NatsHeaders }): boolean;
};

export type NatsService = {
  info(): { readonly id: string };
  addEndpoint(
    name: string,
    options: {
      subject?: string;
      metadata?: Record<string, string>;
      handler: (error: Error | null, message: ServiceRequest) => void;
    },
  ): unknown;
  /** Leaves discovery and the queue group; requests that have arrived are handled. */
  stop(): Promise<unknown>;
  /** Resolves when it has stopped: with an error if one of its subscriptions was refused or has ended. */
  readonly stopped: Promise<Error | null>;
};
