/** A client of no agent's making, which sees that an agent leaves instead of following it to the next one. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { encodeTextFrame } from '../../wire/frame.ts';

/**
 * Connects to an RPC agent that has a method `pid`, and is answered. Does then what the test says, if anything, and resolves when
 * the agent has stopped accepting: it closes the connections on which nothing is owed.
 */
export async function seenToLeave(path: string, tellIt: () => void = () => undefined): Promise<void> {
  const quiet = connect(path);
  quiet.write(encodeTextFrame('{"jsonrpc":"2.0","id":1,"method":"pid"}'));
  await once(quiet, 'data');
  const closed = once(quiet.resume(), 'close');
  tellIt();
  await closed;
}
