/** Connections that the agent does not read for now, or that have ended: none is forgotten, and none loses a reply. */
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../src/client/index.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { runOf } from '../helpers/dispatch-bench.ts';
import { dial } from '../helpers/frame-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until, untilWritten } from '../helpers/until.ts';

const requestOf = (id: number, method: string, ...params: unknown[]): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

test('the requests of a client that goes while its connection is paused are cancelled', async (t) => {
  const { socketPath, controlPath } = await holdAgent(t, fixture('agents/cancellable.ts'));
  await using control = await connect<{ status(): { requests: number } }>(controlPath);
  const folder = await tempDir(t);
  const file = join(folder, 'codes');
  const { socket } = await dial(t, socketPath);
  // More than may start before the first reply: the agent stops reading.
  const ids = Array.from({ length: 100 }, (_, index) => index);
  socket.write(runOf(...ids.map((id) => requestOf(id, 'heeding', join(folder, 'none'), file))));
  await until(async () => (await control.status()).requests >= 64);
  socket.destroy();
  await until(async () => (await control.status()).requests === 0);
  const codes = (await untilWritten(file)).trimEnd().split('\n');
  t.deepEqual(new Set(codes), new Set(['ERR_LAUNCHPOOL_CANCELLED']));
});

test('a client that has ended its direction gets all replies of an agent that is full each time', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/misbehaving.ts'), ['--max-requests', '1']);
  for (let id = 1; id <= 3; id += 1) {
    const { socket, ended } = await dial(t, socketPath);
    socket.end(runOf(requestOf(id, 'where')));
    t.like(JSON.parse(String(await ended)), { id });
  }
});

test('a client that has ended its direction gets long replies although it reads slowly', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'));
  const { socket, frames, ended } = await dial(t, socketPath);
  const messages = Array.from({ length: 40 }, (_, index) => String(index).repeat(15_000));
  socket.pause();
  socket.end(runOf(...messages));
  const resume = setInterval(() => {
    socket.resume();
    setImmediate(() => socket.pause());
  }, 5);
  t.teardown(() => clearInterval(resume));
  socket.once('end', () => clearInterval(resume));
  await ended;
  t.deepEqual(frames.map(String), messages);
});
