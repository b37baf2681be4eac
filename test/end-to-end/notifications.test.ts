/** Notifications have no reply that could report a loss: all that the kernel has accepted run, each once. */
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../src/client/index.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { framesOf } from '../helpers/frame-server.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Cancellable = typeof import('../fixtures/agents/cancellable.ts');

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []);
const callOf = (method: string, params: unknown[], id?: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

/** More than the buffers of a socket hold, so that some are not read while the agent is busy. */
const COUNT = 3_000;
const PADDING = 'x'.repeat(60);

test('when a client closes with a reply unread, all its notifications run, also those that were not read', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/cancellable.ts'), ['--threads', '1']);
  await using neighbour = await connect<Cancellable>(socketPath);
  const folder = await tempDir(t);
  const [notes, release] = [join(folder, 'notes'), join(folder, 'release')];
  const socket = createConnection(socketPath);
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined).pause();
  await once(socket, 'connect');
  socket.write(framesOf(callOf('where', [], 1)));
  // The thread answers in order: the first reply is in the client's socket now, unread.
  await neighbour.where();
  const texts = Array.from({ length: COUNT }, (_unused, nth) => `${nth} ${PADDING}`);
  const frames = framesOf(
    callOf('busy', [release], 2),
    ...texts.flatMap((text, nth) => [
      callOf('note', [notes, text]),
      ...(nth % 500 === 0 ? [callOf('where', [], 10 + nth)] : []),
    ]),
  );
  await new Promise<unknown>((resolve) => socket.write(frames, resolve));
  socket.destroy();
  writeFileSync(release, '');
  await until(() => linesOf(notes).length >= COUNT);
  t.deepEqual(linesOf(notes).sort(), texts.sort());
});

test('beyond the limits of a busy agent, notifications wait, and all run', async (t) => {
  const limits = ['--threads', '1', '--max-requests', '50'];
  const { socketPath } = await holdAgent(t, fixture('agents/cancellable.ts'), limits);
  const folder = await tempDir(t);
  const [notes, release] = [join(folder, 'notes'), join(folder, 'release')];
  const clients = await Promise.all(Array.from({ length: 4 }, () => dial(t, socketPath)));
  const busy = await dial(t, socketPath);
  busy.socket.write(framesOf(callOf('busy', [release], 1)));
  const texts = clients.map((_client, who) => Array.from({ length: 500 }, (_unused, nth) => `${who}.${nth}`));
  for (const [who, { socket }] of clients.entries()) {
    socket.write(framesOf(...(texts[who] ?? []).map((text) => callOf('note', [notes, text]))));
  }
  writeFileSync(release, '');
  await busy.until(1);
  const all = texts.flat();
  await until(() => linesOf(notes).length >= all.length);
  t.deepEqual(linesOf(notes).sort(), all.sort());
});
