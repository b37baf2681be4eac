/** Observes the process of an RPC agent that has a method `pid`: its id, and its shutdown. */
import { connect } from 'node:net';
import { close, connect as connectAgent } from '../../src/client/index.ts';
import { encodeTextFrame } from '../../wire/frame.ts';

/** The id of the process that answers; starts one if none runs. */
export async function pidAt(path: string): Promise<number> {
  const agent = await connectAgent<{ pid(): number }>(path);
  try {
    return await agent.pid();
  } finally {
    await close(agent);
  }
}

/**
 * Makes a call, then triggers the shutdown if a function is given, and resolves when the agent has stopped accepting: it
 * closes its idle connections then. Uses a plain socket, because launchpool's client would go on with the next process.
 */
export async function waitForShutdown(path: string, trigger: () => void = () => undefined): Promise<void> {
  for (;;) {
    const socket = connect(path).on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
    socket.write(encodeTextFrame('{"jsonrpc":"2.0","id":1,"method":"pid"}'));
    const answered = new Promise((resolve) => socket.once('data', () => resolve('answered')));
    // Closed without an answer by a process that was already shutting down; the next connection reaches the next process.
    if ((await Promise.race([answered, closed])) === 'closed') continue;
    trigger();
    await closed;
    return;
  }
}
