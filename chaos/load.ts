/** A load of launchpool's own clients on one agent, recorded in a ledger, with a fixed number of open requests each. */
import { connectRaw, type RawClient } from '../src/client/raw.ts';
import { connectRpc, type RpcClient } from '../src/client/rpc.ts';
import type { HeldAgent } from './agents.ts';
import type { Ledger, MayClose } from './ledger.ts';
import type { Random } from './random.ts';
import { createReconnectingClient, type ReconnectingClient } from './reconnecting-client.ts';

export type LoadOptions = {
  held: HeldAgent;
  ledger: Ledger;
  random: Random;
  clients: number;
  /** The number of open requests of each client. */
  window: number;
  kind: Kind;
  /** When the agent may close connections with open requests. */
  mayClose?: MayClose;
  /** Error codes that are right for every request of this load. */
  allowed?: readonly string[];
  /** Waits between two requests, for a moderate load. */
  pace?: () => Promise<unknown>;
  /** The file to which `note` appends its lines. */
  notes?: string;
};

export type Load = {
  /** Starts no more requests and resolves when none is open. */
  stop(): Promise<void>;
  /** Closes all connections, also with open requests. */
  close(): void;
};

export type Kind = keyof typeof KINDS;

const LONG = 'x'.repeat(60_000);
const MAX_TIMEOUT_MS = 50;

type Ask<Client> = (client: Client, options: LoadOptions) => Promise<void>;

const isPayload = (answer: unknown, payload: string): boolean => answer === payload;
const hasPayloadAsMessage = (error: unknown, payload: string): boolean => (error as Error).message === payload;

const mixed: Ask<RpcClient> = (client, { held, ledger, random, mayClose = 'killed', notes }) => {
  const call = (what: string, params: (payload: string) => unknown[], isRight = isPayload): Promise<void> =>
    ledger.ask({ held, mayClose, what, isRight, ask: (payload) => client.call(what, params(payload)) });
  const draw = random.next();
  if (draw < 0.1) return call('slow', (payload) => [random.between(0, 50), payload]);
  if (draw < 0.14) return call('burn', (payload) => [random.between(0, 5), payload]);
  if (draw < 0.17 && notes !== undefined) return call('note', (payload) => [notes, payload]);
  if (draw < 0.19)
    return call(
      'sync',
      (payload) => [payload + LONG],
      (answer, payload) => answer === payload + LONG,
    );
  if (draw < 0.29) {
    const isRight = hasPayloadAsMessage;
    const ask = (payload: string): Promise<unknown> => client.call('fail', [payload]);
    return ledger.ask({ held, mayClose, what: 'fail', allowed: ['E_TEST'], isRight, ask });
  }
  return call('sync', (payload) => [payload]);
};

const timed: Ask<RpcClient> = (client, { held, ledger, random, mayClose = 'killed', allowed = [] }) =>
  ledger.ask({
    held,
    mayClose,
    what: 'slow, with a timeout',
    allowed: [...allowed, ...['QUEUE', 'RUN', 'CALL'].map((what) => `ERR_LAUNCHPOOL_${what}_TIMEOUT`)],
    isRight: isPayload,
    ask: (payload) =>
      client.call('slow', [random.between(0, MAX_TIMEOUT_MS), payload], {
        timeoutMs: random.between(1, MAX_TIMEOUT_MS),
      }),
  });

const cancelled: Ask<RpcClient> = async (client, { held, ledger, random, mayClose = 'killed' }) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), random.between(0, MAX_TIMEOUT_MS));
  await ledger.ask({
    held,
    mayClose,
    what: 'slow, cancelled',
    allowed: ['AbortError', 'ERR_LAUNCHPOOL_CANCELLED'],
    isRight: isPayload,
    ask: (payload) => client.call('slow', [random.between(0, MAX_TIMEOUT_MS), payload], { signal: controller.signal }),
  });
  clearTimeout(timer);
};

const raw: Ask<RawClient> = (client, { held, ledger, random, mayClose = 'killed' }) => {
  const message = (payload: string): string =>
    random.chance(0.1) ? `wait ${random.between(0, 9)} ${payload}` : payload;
  let sent = '';
  const ask = async (payload: string): Promise<string> => {
    sent = message(payload);
    return String(await client.request(sent));
  };
  return ledger.ask({ held, mayClose, what: 'raw', isRight: (answer) => answer === sent, ask });
};

const KINDS = { mixed, timed, cancelled, raw } as const;

export function startLoad(options: LoadOptions): Load {
  const { held, clients, window, kind, pace } = options;
  let isOver = false;
  // Connecting must not fail because many clients connect at once.
  const connectOptions = { activationMs: 30_000 };
  const connect = (): Promise<RpcClient | RawClient> =>
    kind === 'raw' ? connectRaw(held.socketPath, connectOptions) : connectRpc(held.socketPath, connectOptions);
  const connections = Array.from({ length: clients }, () => createReconnectingClient(connect));
  const ask = KINDS[kind] as Ask<RpcClient | RawClient>;

  async function run(connection: ReconnectingClient<RpcClient | RawClient>): Promise<void> {
    while (!isOver) {
      const client = await connection.get();
      if (client !== undefined && !isOver) await ask(client, options);
      await pace?.();
    }
  }

  const running = Promise.all(
    connections.flatMap((connection) => Array.from({ length: window }, () => run(connection))),
  );
  const close = (): void => {
    isOver = true;
    for (const connection of connections) connection.close();
  };
  return {
    async stop() {
      isOver = true;
      await running;
      close();
    },
    close,
  };
}
