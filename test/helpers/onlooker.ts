/** Who only looks which process answers at a socket, and when it leaves: of RPC agents that have a method `pid`. */
import { connect } from 'node:net';
import { close, connect as connectAgent } from '../../src/client/index.ts';
import { encodeTextFrame } from '../../wire/frame.ts';

/** The process that answers, which is started if there is none. */
export async function pidAt(path: string): Promise<number> {
  const agent = await connectAgent<{ pid(): number }>(path);
  try {
    return await agent.pid();
  } finally {
    await close(agent);
  }
}

/**
 * Connects and is answered, does then what the test says, if anything, and resolves when the agent has stopped accepting: it
 * closes the connections on which nothing is owed. No client of launchpool's, which would follow it to the next process.
 */
export async function seenToLeave(path: string, tellIt: () => void = () => undefined): Promise<void> {
  for (;;) {
    const quiet = connect(path).on('error', () => undefined);
    const closed = new Promise((resolve) => quiet.once('close', () => resolve('closed')));
    quiet.write(encodeTextFrame('{"jsonrpc":"2.0","id":1,"method":"pid"}'));
    const answered = new Promise((resolve) => quiet.once('data', () => resolve('answered')));
    // Held up before its question for long, it has met one that was leaving: then the next one is asked.
    if ((await Promise.race([answered, closed])) === 'closed') continue;
    tellIt();
    await closed;
    return;
  }
}
