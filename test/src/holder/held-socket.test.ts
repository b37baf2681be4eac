/** The socket that is held without being accepted on. */
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
import { hold, knockAt, listenAt } from '../../helpers/unix-sockets.ts';

const NEVER = new AbortController().signal;

test('a knock is reported, and the connection waits for whoever accepts', async (t) => {
  const held = await hold(t);
  const knocked = held.waitForConnection(NEVER);
  const client = await knockAt(t, held.path);
  await knocked;
  const child = spawn(process.execPath, [fixture('programs/serve.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', held.fd],
  });
  t.is(await text(client), String(child.pid));
});

test('somebody who has knocked before anybody waited is reported at once', async (t) => {
  const held = await hold(t);
  await knockAt(t, held.path);
  await held.waitForConnection(NEVER);
  await held.waitForConnection(NEVER);
  t.pass();
});

test('a knock is waited for until the signal fires', async (t) => {
  const held = await hold(t);
  const giveUp = new AbortController();
  const knocked = held.waitForConnection(giveUp.signal);
  giveUp.abort();
  await t.throwsAsync(knocked, { name: 'AbortError' });
});

test('waiting with a signal that has fired leaves nothing open', async (t) => {
  const module = new URL('../../../src/holder/held-socket.ts', import.meta.url).href;
  const script = `
    const { holdSocket } = await import(${JSON.stringify(module)});
    const held = await holdSocket(process.argv[1]);
    const outcome = await held.knock(AbortSignal.abort()).catch(({ name }) => name);
    console.log(outcome);
    held.close();
    // Fires only if something else keeps the process alive for so long.
    setTimeout(() => process.exit(1), 5_000).unref();`;
  const path = join(await tempDir(t), 'a.sock');
  const { status, stdout } = await runProgram([process.execPath, '--input-type=module', '-e', script, path]);
  t.is(stdout.toString('utf8'), 'AbortError\n');
  t.is(status, 0);
});

test('closing removes the path', async (t) => {
  const held = await holdSocket(join(await tempDir(t), 'a.sock'));
  held.close();
  t.deepEqual(readdirSync(dirname(held.path)), []);
});

test("closing leaves a path alone that is somebody else's by now", async (t) => {
  const held = await holdSocket(join(await tempDir(t), 'a.sock'));
  renameSync(held.path, `${held.path}.moved`);
  await listenAt(t, held.path);
  held.close();
  t.is(await text(await knockAt(t, held.path)), 'alive');
});

test('closing after the path is gone is no error', async (t) => {
  const held = await holdSocket(join(await tempDir(t), 'a.sock'));
  renameSync(held.path, `${held.path}.moved`);
  held.close();
  t.deepEqual(readdirSync(dirname(held.path)), ['a.sock.moved']);
});

test.serial('closing twice does not close what has the descriptor by then', async (t) => {
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
