/** As many connections as an agent accepts by default. */
import type { Socket } from 'node:net';
import test from 'ava';
import { connectRaw } from '../../src/client/index.ts';
import { activate, agentCommand } from '../helpers/activator.ts';
import { openMany } from '../helpers/connections.ts';
import { dial } from '../helpers/frame-client.ts';
import { notTested } from '../helpers/not-tested.ts';
import { runProgram } from '../helpers/program.ts';

test('10 000 idle connections are served, and one more is rejected', async (t) => {
  t.timeout(120_000);
  const max = 10_000;
  const { stdout } = await runProgram(['/bin/sh', '-c', 'ulimit -n']);
  if (Number(String(stdout)) < 1.3 * max)
    return notTested(t, `only ${String(stdout).trim()} descriptors are available`);
  const { socketPath, all } = await activate(
    t,
    agentCommand('agents/echo.ts', ['--idle', '0', '--keep-quiet-clients']),
  );
  const open = new Set<Socket>();
  t.teardown(() => {
    for (const socket of open) socket.destroy();
  });
  const first = await connectRaw(socketPath);
  t.is(String(await first.request('first')), 'first');
  await openMany(socketPath, max - 2, open);
  const last = await connectRaw(socketPath);
  t.is(String(await last.request('last')), 'last');
  t.is(open.size, max - 2);
  const tooMany = await dial(t, socketPath);
  t.deepEqual(await tooMany.ended, []);
  t.is(String(await first.request('first')), 'first');
  first.close();
  last.close();
  t.is(all('started').length, 1);
});
