/** Many requests, with slow, failing and crashing ones among them: each has exactly one outcome, the right one. */
import test from 'ava';
import { connect, connectRaw, type LaunchpoolError } from '../../src/client/index.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';

type Misbehaving = typeof import('../fixtures/agents/misbehaving.ts');

const CONNECTIONS = 64;
/** The variable allows longer runs by hand. */
const REQUESTS = Number(process.env.LAUNCHPOOL_TEST_REQUESTS ?? 40_000);

test('RPC: every call gets its own result, its own error, or the error of its thread', async (t) => {
  t.timeout(10 * 60_000);
  const { socketPath, events } = await holdAgent(t, fixture('agents/misbehaving.ts'), ['--threads', '2']);
  const agents = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect<Misbehaving>(socketPath)));
  const codes = new Map<unknown, number>();
  const wrong: string[] = [];

  async function ask(index: number): Promise<void> {
    const agent = agents[index % CONNECTIONS] as (typeof agents)[number];
    const payload = `${index} of ${REQUESTS}`;
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

  // 1024 calls are open at a time, as with a pipelining client.
  const connections = Array.from({ length: 1024 }, async (_unused, connection) => {
    for (let index = connection; index < REQUESTS; index += 1024) await ask(index);
  });
  await Promise.all(connections);

  t.deepEqual(wrong, []);
  t.deepEqual([...codes.keys()].sort(), ['ERR_LAUNCHPOOL_THREAD_EXITED', 'E_TEST', 'result']);
  t.is(
    [...codes.values()].reduce((sum, count) => sum + count),
    REQUESTS,
  );
  // Each crash fails its own request and the started requests of its thread.
  t.true((codes.get('ERR_LAUNCHPOOL_THREAD_EXITED') ?? 0) >= Math.floor(REQUESTS / 2003));
  t.true((codes.get('result') ?? 0) > REQUESTS * 0.8);
  t.is(events.filter(({ event }) => event === 'started').length, 1);
});

test('raw: every reply is right and in the order of its connection, whatever finishes first', async (t) => {
  t.timeout(10 * 60_000);
  const { socketPath } = await holdAgent(t, fixture('agents/misbehaving-raw.ts'), ['--threads', '2']);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectRaw(socketPath)));
  const messageOf = (index: number): string => (index % 97 === 96 ? `wait ${index % 7} ${index}` : `message ${index}`);
  const replies = await Promise.all(
    Array.from({ length: REQUESTS }, (_unused, index) => clients[index % CONNECTIONS]?.request(messageOf(index))),
  );
  // The client matches replies by order, so right contents prove the right order.
  t.deepEqual(
    replies.filter((reply, index) => reply?.toString() !== messageOf(index)),
    [],
  );
});
