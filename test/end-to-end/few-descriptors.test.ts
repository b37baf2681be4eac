/** An agent that may open few descriptors, with more clients than descriptors. */
import test from 'ava';
import { BUSY, withDescriptors } from '../../chaos/agents.ts';
import type { LaunchpoolError } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { activate } from '../helpers/activator.ts';
import { ENTRY } from '../helpers/agent.ts';

const DESCRIPTORS = 64;
const FLOOD_CONNECTIONS = 100;

test('with too many clients at its start, an agent loads its module and serves those that it has descriptors for', async (t) => {
  const program = [process.execPath, ENTRY, 'run', BUSY, '--threads', '2', '--log-level', 'silent'];
  const { socketPath, restart } = await activate(t, [...withDescriptors(DESCRIPTORS), ...program]);
  // Several times: the order of the connections decides which file meets the lack of descriptors.
  for (let nth = 0; nth < 10; nth += 1) {
    const outcomes = await Promise.all(
      Array.from({ length: FLOOD_CONNECTIONS }, (_unused, who) => ask(socketPath, `${nth} ${who}`)),
    );
    t.true(outcomes.includes('answered'));
    t.deepEqual(new Set(outcomes.filter((outcome) => !EXPECTED.has(outcome))), new Set());
    restart();
  }
});

/** A connection over the limit gets the error, or is closed by an agent that has not loaded its module yet. */
const EXPECTED = new Set(['answered', 'ERR_LAUNCHPOOL_BUSY', 'ERR_LAUNCHPOOL_CONNECTION_CLOSED']);

async function ask(socketPath: string, text: string): Promise<string> {
  try {
    const client = await connectRpc(socketPath);
    const reply = await client.call('sync', [text], { timeoutMs: 60_000 });
    client.close();
    return reply === text ? 'answered' : String(reply);
  } catch (error) {
    return (error as LaunchpoolError).code as string;
  }
}
