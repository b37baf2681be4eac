/** The durable part of a service: `launchpool serve --durable` takes calls for later. Loaded only for it. */
import { LaunchpoolError } from '../../../wire/errors.ts';
import type { AgentKind } from '../../../workers/task.ts';
import type { Agent } from '../../agent/agent-types.ts';
import type { AgentOptions } from '../../agent/options.ts';
import type { Log } from '../../log.ts';
import { inboxPrefixOf } from '../../nats/connect-nats.ts';
import { openJetStream } from '../../nats/later/jetstream.ts';
import type { NatsConnection } from '../../nats/nats-types.ts';
import { createPlainCalls, type PlainCalls } from '../plain-calls.ts';
import { deliveryOf } from './delivery.ts';
import { type Pulls, startPulls } from './pulls.ts';
import { openTaskStore } from './task-store.ts';
import { createTasks } from './tasks.ts';

/** How a service is durable; all times are in milliseconds. */
export type DurableOptions = {
  maxDeliveries: number;
  retryDelayMs: number;
  keepMs: number;
  replicas: number | undefined;
  maxBytes: number | undefined;
};

export type DurableStart = {
  durable: DurableOptions;
  nats: NatsConnection;
  service: string;
  /** Of the NATS servers, for errors and people. */
  place: string;
  /** The path of a module of the project that has the packages of NATS. */
  source: string;
  kind: AgentKind;
  agentOptions: Pick<AgentOptions, 'maxFrameBytes' | 'authkey' | 'threads' | 'concurrency'>;
  log: Log;
};

export type Durable = {
  /** @param agent takes conversations, and knows how many requests could start now. */
  start(agent: Pick<Agent, 'accept' | 'places'>): void;
  /** The connection to NATS is another one. */
  reconnected(): void;
  /** Takes no further task. Resolves when those that were on the way are given back. */
  leave(): Promise<void>;
  /** Resolves when every task that has started has its outcome. */
  readonly idle: Promise<void>;
  close(): void;
};

/**
 * Finds or makes what JetStream needs, and takes no task yet.
 * @throws ERR_LAUNCHPOOL_NATS_MISSING, ERR_LAUNCHPOOL_JETSTREAM_MISSING, ERR_LAUNCHPOOL_OPTION_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED
 */
export async function openDurable(start: DurableStart): Promise<Durable> {
  const { durable, nats, service, place, source, kind, agentOptions, log } = start;
  if (kind === 'raw') throw unfit('a raw agent has no methods', 'Give the module named exports.');
  if (agentOptions.authkey !== undefined)
    throw unfit(
      'a task cannot take part in the handshake of --authkey-file',
      'Let accounts of NATS decide who may call.',
    );
  const jetStream = await openJetStream(nats, { module: source });
  const store = await openTaskStore(jetStream, {
    ...{ service, place, keepMs: durable.keepMs, replicas: durable.replicas, maxBytes: durable.maxBytes },
    isClustered: nats.info?.cluster !== undefined,
  });
  log.info({ stream: store.streams.tasks, replicas: store.replicas }, 'jetstream-found');
  let pulls: Pulls | undefined;
  let calls: PlainCalls | undefined;
  const tasks = createTasks({
    calls: { call: (...args) => (calls as PlainCalls).call(...args) },
    ...{ store, log, maxDeliveries: durable.maxDeliveries, retryDelayMs: durable.retryDelayMs },
    maxPayload: () => nats.info?.max_payload ?? 1_048_576,
    onFree: () => pulls?.ask(),
  });

  return {
    start({ accept, places }) {
      const maxPlaces = agentOptions.threads * agentOptions.concurrency;
      const { maxFrameBytes } = agentOptions;
      calls = createPlainCalls(accept, { kind, maxFrameBytes, maxOpen: Number.POSITIVE_INFINITY });
      pulls = startPulls(nats, {
        stream: store.streams.tasks,
        inboxPrefix: inboxPrefixOf() ?? '_INBOX',
        // What has just been taken is not among the requests of the agent yet.
        free: () => Math.min(places(), maxPlaces - tasks.running),
        onMessage(message) {
          const delivery = deliveryOf(nats, message);
          if (delivery !== undefined) tasks.take(delivery);
        },
        onRefused: (status) => log.warn({ status, stream: store.streams.tasks }, 'tasks-refused'),
        onFault: (err) => log.warn({ err, stream: store.streams.tasks }, 'task-failed'),
      });
    },
    reconnected: () => pulls?.restart(),
    async leave() {
      tasks.leave();
      await pulls?.stop();
    },
    get idle() {
      return tasks.idle;
    },
    close() {
      tasks.close();
      calls?.close();
    },
  };
}

function unfit(reason: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `--durable: ${reason}`, { hint });
}
