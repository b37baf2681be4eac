/** More connections than an agent accepts: the accepted ones are served, and the agent works as before afterwards. */
import type { Socket } from 'node:net';
import test from 'ava';
import { withDescriptors } from '../../chaos/agents.ts';
import { connectRaw } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { activate, agentCommand } from '../helpers/activator.ts';
import { openMany } from '../helpers/connections.ts';
import { dial } from '../helpers/frame-client.ts';
import { framesOf } from '../helpers/frame-server.ts';
import { until } from '../helpers/until.ts';

const RPC = 'agents/misbehaving.ts';
const RAW = 'agents/echo.ts';
test('a connection over the limit of an RPC agent gets a retryable error, and a retry succeeds', async (t) => {
  const { socketPath } = await activate(t, agentCommand(RPC, ['--max-connections', '2']));
  const [one, two] = [await connectRpc(socketPath), await connectRpc(socketPath)];
  t.is(await one.call('sync', [1]), 1);
  t.is(await two.call('sync', [2]), 2);
  const three = await dial(t, socketPath);
  const [refusal = ''] = await three.ended;
  t.like(JSON.parse(refusal), { id: null, error: { code: -32002, data: { data: { retryAfterMs: 1_000 } } } });

  // A request of a launchpool client may cross with the rejection; either error is retryable.
  const four = await connectRpc(socketPath);
  const error = await t.throwsAsync(four.call('sync', [4]));
  t.like(error, { retryable: true });
  one.close();
  for (;;) {
    const five = await connectRpc(socketPath);
    const answer = await five.call('sync', [5]).catch(() => undefined);
    five.close();
    if (answer === undefined) continue;
    t.is(answer, 5);
    break;
  }
  t.is(await two.call('sync', [2]), 2);
  two.close();
});

test('a connection over the limit of a raw agent is closed', async (t) => {
  const { socketPath } = await activate(t, agentCommand(RAW, ['--max-connections', '1']));
  const client = await connectRaw(socketPath);
  t.is(String(await client.request('in')), 'in');
  const other = await dial(t, socketPath);
  t.deepEqual(await other.ended, []);
  client.close();
});

test('a storm of more connections than there are descriptors leaves the agent as it was', async (t) => {
  t.timeout(120_000);
  const agent = agentCommand(RAW, ['--max-connections', '10000', '--idle', '0']);
  const { socketPath, all } = await activate(t, [...withDescriptors(64), ...agent]);
  const first = await connectRaw(socketPath);
  t.is(String(await first.request('before')), 'before');
  for (let storm = 0; storm < 3; storm += 1) {
    const open = new Set<Socket>();
    await openMany(socketPath, 400, open);
    t.is(String(await first.request('during')), 'during');
    // The others are rejected as the agent accepts them.
    await until(() => open.size < 400);
    for (const socket of open) socket.destroy();
  }
  // Descriptors are free again when the agent has noticed the closed connections.
  for (let answer = ''; answer !== 'after'; ) {
    const client = await connectRaw(socketPath);
    answer = await client.request('after').then(String, () => '');
    client.close();
  }
  t.is(String(await first.request('after')), 'after');
  first.close();
  t.deepEqual(all('crashed'), []);
  t.is(all('started').length, 1);
});

for (const { descriptors, max, limit } of [
  { descriptors: 400, max: 320, limit: '80 % of its descriptors' },
  { descriptors: 200, max: 152, limit: '48 less than its descriptors, where they are few' },
])
  test(`by default an agent accepts no more connections than ${limit}`, async (t) => {
    const agent = agentCommand(RAW, ['--idle', '0']);
    const { socketPath } = await activate(t, [...withDescriptors(descriptors), ...agent]);
    const first = await connectRaw(socketPath);
    await first.request('before');
    const clients = [];
    for (let count = 2; count <= max; count += 1) {
      const client = await dial(t, socketPath);
      client.socket.write(framesOf('in'));
      clients.push(client);
    }
    for (const client of clients) t.deepEqual(await client.until(1), ['in']);
    const tooMany = await dial(t, socketPath);
    t.deepEqual(await tooMany.ended, []);
    first.close();
  });
