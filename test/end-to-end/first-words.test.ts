/** A client that has just connected while an agent shuts down notices nothing, whatever it has sent by then. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { type Agent, connect, connectRaw } from '../../src/client/index.ts';
import { fixture, holdAgent, type TestAgent } from '../helpers/agent.ts';

type Misbehaving = typeof import('../fixtures/agents/misbehaving.ts');

/** The exit of a process may be reported before the end of its connections, which has arrived already. */
async function hasLeft(event: TestAgent['event']): Promise<void> {
  await event('left');
  for (let turns = 0; turns < 10; turns += 1) await turn();
}

test("a client without a call at the agent's shutdown gets its reply from the next agent", async (t) => {
  const { socketPath, event } = await holdAgent(t, fixture('agents/misbehaving.ts'));
  const starter = await connect<Misbehaving>(socketPath);
  await starter.sync(1);
  await using silent = await connect<Misbehaving>(socketPath);
  process.kill((await event('started')).pid, 'SIGTERM');
  await hasLeft(event);
  t.is(await silent.sync('still there?'), 'still there?');
});

test("a raw client without a request at the agent's shutdown gets its reply from the next agent", async (t) => {
  const { socketPath, event } = await holdAgent(t, fixture('agents/echo.ts'));
  await (await connectRaw(socketPath)).request('a');
  const silent = await connectRaw(socketPath);
  process.kill((await event('started')).pid, 'SIGTERM');
  await hasLeft(event);
  t.is(String(await silent.request('still there?')), 'still there?');
  silent.close();
});

for (let round = 1; round <= 5; round += 1) {
  test(`a first call that is on its way when the agent is asked to shut down gets its reply (${round})`, async (t) => {
    const { socketPath, event } = await holdAgent(t, fixture('agents/misbehaving.ts'));
    const starter = await connect<Misbehaving>(socketPath);
    await starter.sync(1);
    const { pid } = await event('started');
    const clients: Agent<Misbehaving>[] = [];
    // Each calls as soon as it has connected: an agent waits a second for the first byte.
    const answers = Array.from({ length: 40 }, async (_unused, index) => {
      const client = await connect<Misbehaving>(socketPath);
      clients.push(client);
      // As close to the middle as possible.
      if (clients.length === 20) process.kill(pid, 'SIGTERM');
      return client.sync(index);
    });
    t.deepEqual(await Promise.all(answers), [...answers.keys()]);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });
}
