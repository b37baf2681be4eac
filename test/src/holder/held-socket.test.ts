/** A held socket, which the holder never accepts on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { holdSocket } from '../../../src/holder/held-socket.ts';
import { fixture } from '../../helpers/agent.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { connectTo, hold, listenAt } from '../../helpers/unix-sockets.ts';

const NEVER = new AbortController().signal;

test('a connection is reported, and stays in the queue until a process accepts it', async (t) => {
  const held = await hold(t);
  const connected = held.waitForConnection(NEVER);
  const client = await connectTo(t, held.path);
  await connected;
  const child = spawn(process.execPath, [fixture('programs/serve.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', held.fd],
  });
  t.is(await text(client), String(child.pid));
});

test('a connection from before the call is reported at once', async (t) => {
  const held = await hold(t);
  await connectTo(t, held.path);
  await held.waitForConnection(NEVER);
  await held.waitForConnection(NEVER);
  t.pass();
});

test('the wait for a connection ends with the signal', async (t) => {
  const held = await hold(t);
  const giveUp = new AbortController();
  const connected = held.waitForConnection(giveUp.signal);
  giveUp.abort();
  await t.throwsAsync(connected, { name: 'AbortError' });
});

test('a wait with an aborted signal leaves nothing open', async (t) => {
  const module = new URL('../../../src/holder/held-socket.ts', import.meta.url).href;
  const script = `
    const { holdSocket } = await import(${JSON.stringify(module)});
    const held = await holdSocket(process.argv[1]);
    const outcome = await held.waitForConnection(AbortSignal.abort()).catch(({ name }) => name);
    console.log(outcome);
    held.close();
    // Fires only while an open handle keeps the process alive.
    setTimeout(() => process.exit(1), 5_000).unref();`;
  const path = join(await tempDir(t), 'a.sock');
  const { status, stdout } = await runProgram([process.execPath, '--input-type=module', '-e', script, path]);
  t.is(stdout.toString('utf8'), 'AbortError\n');
  t.is(status, 0);
});

test('close removes the path', async (t) => {
  const held = await holdSocket(join(await tempDir(t), 'a.sock'));
  held.close();
  t.deepEqual(readdirSync(dirname(held.path)), []);
});

test('close keeps a path that another socket has taken', async (t) => {
  const held = await holdSocket(join(await tempDir(t), 'a.sock'));
  renameSync(held.path, `${held.path}.moved`);
  await listenAt(t, held.path);
  held.close();
  t.is(await text(await connectTo(t, held.path)), 'alive');
});

test('close after the removal of the path is no error', async (t) => {
  const held = await holdSocket(join(await tempDir(t), 'a.sock'));
  renameSync(held.path, `${held.path}.moved`);
  held.close();
  t.deepEqual(readdirSync(dirname(held.path)), ['a.sock.moved']);
});

test.serial('a second close does not close another socket with the same descriptor', async (t) => {
  const first = await holdSocket(join(await tempDir(t), 'a.sock'));
  first.close();
  const second = await holdSocket(join(await tempDir(t), 'b.sock'));
  t.is(second.fd, first.fd);
  first.close();
  const client = connect(second.path).on('error', () => undefined);
  await t.notThrowsAsync(once(client, 'connect'));
  client.destroy();
  second.close();
});
