/** A client that is connected anew when its connection has gone for good. */
import { setTimeout as wait } from 'node:timers/promises';

type Closable = { readonly closed: boolean; close(): void };

export type Link<Client> = {
  /** The client, connected; undefined when nobody can be reached just now. */
  get(): Promise<Client | undefined>;
  close(): void;
};

const PAUSE_MS = 50;

export function createLink<Client extends Closable>(connect: () => Promise<Client>): Link<Client> {
  let client: Client | undefined;
  let connecting: Promise<Client | undefined> | undefined;
  let over = false;

  async function reconnect(): Promise<Client | undefined> {
    try {
      client = await connect();
      if (over) client.close();
      return client;
    } catch {
      // A queue that is full, or a process that has just gone; whoever asks, asks again.
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
      over = true;
      client?.close();
    },
  };
}
