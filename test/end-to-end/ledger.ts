/** Many requests, some of them slow, failing or crashing: each has exactly one outcome, and the right one. */
import test from 'ava';
import { connect, connectRaw, type LaunchpoolError } from '../../src/client/index.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';

type Misbehaving = typeof import('../fixtures/agents/misbehaving.ts');

const CONNECTIONS = 64;

/** Declares the tests, each with this number of requests. */
export function ledger(requests: number): void {
  test('RPC: every call gets its own result, its own error, or the error of its thread', async (t) => {
    t.timeout(10 * 60_000);
    const { socketPath, events } = await holdAgent(t, fixture('agents/misbehaving.ts'), ['--threads', '2']);
    const agents = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect<Misbehaving>(socketPath)));
    const codes = new Map<unknown, number>();
    const wrong: string[] = [];

    async function ask(index: number): Promise<void> {
      const agent = agents[index % CONNECTIONS] as (typeof agents)[number];
      const payload = `${index} of ${requests}`;
      try {
        if (index % 2003 === 2002) await agent.crashLater();
        else if (index % 501 === 500) await agent.burn(10);
        else if (index % 401 === 400) await agent.fail(payload);
        else if (index % 51 === 50) await agent.slow(5);
        else {
          const answer = await agent.sync(payload);
          if (answer !== payload) wrong.push(`${payload}: ${answer}`);
        }
        codes.set('result', (codes.get('result') ?? 0) + 1);
      } catch (error) {
        const { code, message } = error as LaunchpoolError;
        if (code === 'E_TEST' && message !== payload) wrong.push(`${payload}: ${message}`);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }

    // As many open requests as a client that never waits would have, and never all at once.
    const sequences = Array.from({ length: 1024 }, async (_unused, first) => {
      for (let index = first; index < requests; index += 1024) await ask(index);
    });
    await Promise.all(sequences);

    t.deepEqual(wrong, []);
    t.deepEqual([...codes.keys()].sort(), ['ERR_LAUNCHPOOL_THREAD_EXITED', 'E_TEST', 'result']);
    t.is(
      [...codes.values()].reduce((sum, count) => sum + count),
      requests,
    );
    // Each crash fails its own request, and the open or started ones of its thread.
    t.true((codes.get('ERR_LAUNCHPOOL_THREAD_EXITED') ?? 0) >= Math.floor(requests / 2003));
    t.true((codes.get('result') ?? 0) > requests * 0.8);
    t.is(events.filter(({ event }) => event === 'started').length, 1);
  });

  test('raw: every reply is the right one, in the order of its connection, whichever finishes first', async (t) => {
    t.timeout(10 * 60_000);
    const { socketPath } = await holdAgent(t, fixture('agents/misbehaving-raw.ts'), ['--threads', '2']);
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectRaw(socketPath)));
    const messageOf = (index: number): string =>
      index % 97 === 96 ? `wait ${index % 7} ${index}` : `message ${index}`;
    const replies = await Promise.all(
      Array.from({ length: requests }, (_unused, index) => clients[index % CONNECTIONS]?.request(messageOf(index))),
    );
    // A client assigns replies in the order of their arrival, so the right content proves the right order.
    t.deepEqual(
      replies.filter((reply, index) => reply?.toString() !== messageOf(index)),
      [],
    );
  });
}
