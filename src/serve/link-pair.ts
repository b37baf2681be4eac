/** A link inside this process: a conversation with its own agent, as clients on NATS have theirs. */
import { DEFAULT_WINDOW_BYTES, Link } from '../nats/link.ts';

export type LinkPair = {
  readonly client: Link;
  readonly agent: Link;
  /** Whether the agent has taken all bytes that the client wrote in earlier turns of the event loop. */
  readonly isTaken: boolean;
};

export function linkPair(): LinkPair {
  const client = endOf(() => agent);
  const agent: Link = endOf(() => client);
  return {
    client,
    agent,
    get isTaken() {
      return client.writableLength === 0 && agent.readableLength === 0;
    },
  };
}

function endOf(other: () => Link): Link {
  const end = new Link({
    publish: (message) => other().receive(message),
    receiveWindow: DEFAULT_WINDOW_BYTES,
    sendWindow: DEFAULT_WINDOW_BYTES,
    maxPayload: undefined,
    onClosed: () => undefined,
  });
  // The owner listens to `close`.
  return end.on('error', () => undefined);
}
