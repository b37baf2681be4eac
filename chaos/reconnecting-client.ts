/** A client that is replaced by a new one when its connection is closed. */
import { setTimeout as wait } from 'node:timers/promises';

type Closable = { readonly closed: boolean; close(): void };

export type ReconnectingClient<Client> = {
  /** The connected client; undefined when connecting has just failed. */
  get(): Promise<Client | undefined>;
  close(): void;
};

const PAUSE_MS = 50;

export function createReconnectingClient<Client extends Closable>(
  connect: () => Promise<Client>,
): ReconnectingClient<Client> {
  let client: Client | undefined;
  let connecting: Promise<Client | undefined> | undefined;
  let isClosed = false;

  async function reconnect(): Promise<Client | undefined> {
    try {
      client = await connect();
      if (isClosed) client.close();
      return client;
    } catch {
      // The queue is full, or the process has just exited. The caller tries again.
      await wait(PAUSE_MS);
      return undefined;
    } finally {
      connecting = undefined;
    }
  }

  return {
    async get() {
      if (client !== undefined && !client.closed) return client;
      connecting ??= reconnect();
      return connecting;
    },
    close() {
      isClosed = true;
      client?.close();
    },
  };
}
