/** No request sees an asynchronous context that another one has entered and not left. */
import test from 'ava';
import { close, connect, withOptions } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { activate } from '../helpers/activator.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { heldCall } from '../helpers/held-call.ts';

type Contexts = typeof import('../fixtures/agents/contexts.ts');
const ENTERING = ['enters', 'entersSoon', 'entersAndWaits', 'entersAsThenable', 'entersAsJson'] as const;
const HOWS = ['store', 'resource', 'domain'] as const;
/** Node 22 has only the second implementation. */
const IMPLEMENTATIONS = [
  ["Node's default", []],
  ['async_hooks', process.allowedNodeEnvironmentFlags.has('--async-context-frame') ? ['--no-async-context-frame'] : []],
] as const;

for (const [implementation, flags] of IMPLEMENTATIONS) {
  test(`with ${implementation}: a request sees no context that another request has entered`, async (t) => {
    const args = [ENTRY, 'run', fixture('agents/contexts.ts'), '--log-level', 'silent', '--threads', '1'];
    const { socketPath } = await activate(t, [process.execPath, ...flags, ...args]);
    const client = await connectRpc(socketPath);
    const other = await connectRpc(socketPath);
    const { socket, until: untilFrames } = await dial(t, socketPath);
    let batches = 0;
    t.is(await other.call('seesAtLoad', []), 'loaded');

    for (const how of HOWS) {
      for (const method of ENTERING) {
        const calls = [];
        for (let index = 0; index < 20; index += 1) {
          const value = `${method} ${index}`;
          // A domain is left behind each await, and one call of resources is not the next.
          const isKept = how === 'store' || method === 'enters';
          calls.push(client.call(method, [how, value]).then((seen) => isKept && t.is(seen, value)));
          calls.push(other.call('sees', [how]).then((seen) => t.is(seen, null, `${how}, ${method}`)));
        }
        await Promise.all(calls);
        t.is(await other.call('sees', [how]), null, `${how}, ${method}, later`);

        const items = [method, 'sees', method, 'sees'].map((name, id) => ({
          ...{ jsonrpc: '2.0', id, method: name, params: [how, 'of the batch'] },
        }));
        socket.write(encodeTextFrame(JSON.stringify(items)));
        batches += 1;
        const responses: { result: unknown }[] = JSON.parse((await untilFrames(batches)).at(-1) as string);
        t.deepEqual([responses[1]?.result, responses[3]?.result], [null, null], `${how}, ${method}, in one batch`);
      }
    }
    t.is(await other.call('seesAtLoad', []), 'loaded');
    client.close();
    other.close();

    const agent = await connect<Contexts>(socketPath);
    for (let aborted = 1; aborted <= 2; aborted += 1) {
      const giveUp = new AbortController();
      const call = await heldCall(t);
      const answer = withOptions(agent, { signal: giveUp.signal }).entersOnAbort('store', `${aborted}`, call.path);
      await call.running;
      giveUp.abort(new Error('enough'));
      await t.throwsAsync(answer, { message: 'enough' });
      while ((await agent.onAbort()).length < aborted);
    }
    t.deepEqual(await agent.onAbort(), [null, null]);
    close(agent);
  });
}
