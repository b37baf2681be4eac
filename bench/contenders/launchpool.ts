/** launchpool as its users run it: an activator holds the socket, `launchpool run` answers. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../src/activation/node-flags.ts';
import { createActivator } from '../../src/holder/activator.ts';
import { encodeFrames } from './frames.ts';
import { endWithBench, invocation, sayReady } from './invocation.ts';

const { socketPath, mode, threads, handler, handlerUrl } = invocation;
const program = fileURLToPath(new URL('../../dist/launchpool.cjs', import.meta.url));
const flags = ['--threads', String(threads), '--idle', '0', '--log-level', 'warn'];

let agentPid = 0;
const activator = await createActivator({
  socketPath,
  command: [process.execPath, ...NODE_FLAGS, program, 'run', fileURLToPath(handlerUrl), ...flags],
  onEvent(event) {
    if (event.event === 'started') agentPid = event.pid;
    if (event.event === 'crashed') process.stderr.write(`the agent crashed: ${event.status}\n`);
  },
});
endWithBench(() => activator.close());

/** The first connection starts the agent: it must run before the measurements. */
const first = createConnection(socketPath);
const call = JSON.stringify({ jsonrpc: '2.0', id: 0, method: handler, params: ['first'] });
first.write(encodeFrames([mode === 'raw' ? 'first' : call]));
await once(first, 'data');
first.destroy();
sayReady(agentPid);
