/** Serves the agent of this process on NATS: see docs/nats.md. Loaded only for `serve`, and for jobs that serve. */
import type { Socket } from 'node:net';
import type { AgentKind, ModuleFacts } from '../../workers/task.ts';
import type { Agent } from '../agent/agent-types.ts';
import type { AgentOptions } from '../agent/options.ts';
import type { Log } from '../log.ts';
import { type AcceptedLinks, acceptLinks } from '../nats/accept-links.ts';
import { connectNats } from '../nats/connect-nats.ts';
import { loadNatsPackage, type NatsLibrary, type NatsServices } from '../nats/library.ts';
import type { NatsConnection, NatsService } from '../nats/nats-types.ts';
import { checkServiceName, parseServers } from '../nats/target.ts';
import { addEndpoints, type Endpoints } from './endpoints.ts';
import type { Durable, DurableOptions } from './later/durable.ts';
import { createPlainCalls, type PlainCalls } from './plain-calls.ts';
import { serviceFacts } from './service-facts.ts';

export type ServeOptions = {
  url: string;
  name: string;
  queue: string | undefined;
  /** The path of the module, beside which its description is. */
  module: string;
  /** The path of a module of the project that has the packages of NATS. */
  source: string;
  /** Whether it takes calls for later, and how. */
  durable: DurableOptions | undefined;
  /** What the version says that the module is. */
  kind: AgentKind | undefined;
  agentOptions: Pick<AgentOptions, 'maxFrameBytes' | 'maxRequests' | 'authkey' | 'drainMs' | 'threads' | 'concurrency'>;
  log: Log;
};

export type Serving = {
  /** Makes the service known, and takes links and requests. */
  announce(agent: Pick<Agent, 'accept' | 'places' | 'status'>, facts: ModuleFacts | undefined): Promise<void>;
  /**
   * Leaves discovery and the queue group: nothing new arrives. Resolves when the agent has taken what has arrived from plain
   * clients, which no other instance gets, or when the time of a drain is over.
   */
  leave(): Promise<void>;
  /** Sends what is left to send, and closes the connection. @returns the exit status. */
  close(): Promise<number>;
  /** Resolves with the reason if a server has closed the connection to NATS for good, or refuses a part of the service. */
  readonly lost: Promise<string>;
};

/** How long NATS may take to confirm that nothing arrives any more, in milliseconds: a busy process hears it late. */
const LEAVE_MS = 5_000;
/** Interval of the checks for calls that the agent has not taken. */
const CHECK_MS = 20;
/** As for ERR_LAUNCHPOOL_CONNECT_FAILED: a supervisor starts the service again. */
const LOST_STATUS = 69;
/** How long links may take to send the rest of their replies after the agent has stopped, in milliseconds. */
const FLUSH_MS = 2_000;

/**
 * Connects to NATS.
 * @throws ERR_LAUNCHPOOL_NATS_MISSING, ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, and what `durable` throws
 */
export async function connectToServe(options: ServeOptions): Promise<Serving> {
  const { name, queue, module, source, agentOptions, log } = options;
  const servers = parseServers(options.url);
  checkServiceName(name);
  if (queue !== undefined) checkServiceName(queue);
  const library = await loadNatsPackage<NatsLibrary>('transport-node', { module: source });
  const { Svcm } = await loadNatsPackage<NatsServices>('services', { module: source });
  const nats = await connectNats(servers, { library, connectionName: `launchpool serve ${name}` });
  log.info({ server: serverOf(nats) }, 'nats-connected');

  const durable = options.durable && (await openDurable(nats, options, options.durable));
  let isConnected = true;
  void followStatus(nats, log, (isNow) => {
    isConnected = isNow;
    if (isNow) durable?.reconnected();
  });

  let isStopping = false;
  let status = 0;
  let service: NatsService | undefined;
  let links: AcceptedLinks | undefined;
  let endpoints: Endpoints | undefined;
  let calls: PlainCalls | undefined;
  const { promise: lost, resolve: onLost } = Promise.withResolvers<string>();
  void nats.closed().then((error) => {
    if (isStopping) return;
    log.error({ err: error }, 'nats-closed');
    giveUp(`the connection to NATS is closed${detailOf(error)}`);
  });

  function giveUp(reason: string): void {
    status = LOST_STATUS;
    onLost(reason);
  }

  const maxPayload = (): number => nats.info?.max_payload ?? 1_048_576;

  async function announce(
    agent: Pick<Agent, 'accept' | 'places' | 'status'>,
    facts: ModuleFacts | undefined,
  ): Promise<void> {
    const asker = {};
    const { version, description, metadata, endpoints: found } = serviceFacts(name, module, facts, maxPayload());
    const [first] = found;
    service = await new Svcm(nats).add({
      ...{ name, version, description, metadata },
      ...(queue !== undefined && { queue }),
      // Once: it is the same for all endpoints.
      statsHandler: async (endpoint) => (endpoint.name === first?.name ? agent.status(asker) : undefined),
    });
    const instance = service.info().id;
    // The library then stops all of the service, and only that: no call would arrive, and nothing would tell.
    void service.stopped.then((error) => {
      if (isStopping || nats.isClosed()) return;
      log.error({ err: error ?? undefined }, 'nats-service-stopped');
      giveUp(`the service is stopped${detailOf(error)}`);
    });
    links = acceptLinks(nats, {
      ...{ name, instance, places: agent.places },
      // What holds for a client of the socket holds for one on NATS.
      onLink: (link) => agent.accept(link as unknown as Socket),
    });
    // A plain client cannot prove that it knows a key.
    if (agentOptions.authkey === undefined) {
      const kind: AgentKind = facts?.kind ?? 'rpc';
      calls = createPlainCalls(agent.accept, {
        kind,
        maxFrameBytes: agentOptions.maxFrameBytes,
        maxOpen: agentOptions.maxRequests,
      });
      endpoints = addEndpoints(service, found, { calls, library, maxPayload });
    }
    durable?.start(agent);
    await nats.flush();
    if (isStopping) return stop();
    log.info({ name, instance, endpoints: found.length }, 'nats-serving');
  }

  async function leave(): Promise<void> {
    if (isStopping) return;
    isStopping = true;
    await stop();
    log.info({ name, links: links?.links.size ?? 0 }, 'nats-left');
  }

  async function stop(): Promise<void> {
    // Without a connection to a server, nothing arrives, and nothing is confirmed.
    const left = Promise.allSettled([service?.stop(), links?.stop(), durable?.leave()]);
    if (isConnected) await Promise.race([left, after(LEAVE_MS)]);
    const end = performance.now() + agentOptions.drainMs;
    // No event reports it. The first check is a turn after the last call, which is written by then.
    do await after(CHECK_MS);
    while (calls?.isTaken === false && performance.now() < end);
  }

  async function close(): Promise<number> {
    isStopping = true;
    const ended = [...(links?.links ?? [])].map((link) => new Promise((resolve) => link.once('close', resolve)));
    await Promise.race([Promise.all([...ended, endpoints?.idle, durable?.idle]), after(FLUSH_MS)]);
    calls?.close();
    durable?.close();
    links?.close();
    await Promise.race([nats.drain().catch(() => undefined), after(FLUSH_MS)]);
    // Without a server, the library goes on to look for one.
    await Promise.race([nats.close().catch(() => undefined), after(FLUSH_MS)]);
    return status;
  }

  return { announce, leave, close, lost };
}

function detailOf(error: Error | null | undefined): string {
  return error == null ? '' : `: ${error.message}`;
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** An instance that cannot be durable is none: the connection is closed. */
async function openDurable(nats: NatsConnection, options: ServeOptions, durable: DurableOptions): Promise<Durable> {
  const { name: service, source, kind = 'rpc', agentOptions, log } = options;
  try {
    const { openDurable: open } = await import('./later/durable.ts');
    return await open({ durable, nats, service, place: nats.getServer(), source, kind, agentOptions, log });
  } catch (error) {
    await nats.close();
    throw error;
  }
}

/** Logs each event that is about the connection. Never with credentials: the library's `server` is a host and a port. */
async function followStatus(nats: NatsConnection, log: Log, onChange: (isConnected: boolean) => void): Promise<void> {
  for await (const { type, error } of nats.status()) {
    if (type === 'disconnect') {
      log.warn('nats-disconnected');
      onChange(false);
    } else if (type === 'reconnect') {
      log.info({ server: serverOf(nats) }, 'nats-reconnected');
      onChange(true);
    } else if (type === 'error') log.warn({ err: error }, 'nats-error');
    else if (type === 'ldm') log.info('nats-server-leaves');
  }
}

function serverOf(nats: NatsConnection): string {
  return nats.info === undefined ? nats.getServer() : `${nats.info.server_name} (${nats.getServer()})`;
}
