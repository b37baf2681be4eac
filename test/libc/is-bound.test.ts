/** isBound: whether a process has the socket at a path, without a connection to it. */
import { closeSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isReadable } from '../../libc/descriptors.ts';
import { isBound } from '../../libc/is-bound.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { bindDatagramSocket, connectTo, hold, leaveDeadSocket, listenAt } from '../helpers/unix-sockets.ts';
import { until } from '../helpers/until.ts';

test('a held socket is bound, and its holder sees no connection from the check', async (t) => {
  const held = await hold(t);
  t.true(isBound(held.path));
  t.false(isReadable(held.fd));
  await connectTo(t, held.path);
  t.true(isReadable(held.fd));
});

test('the name under which a socket was bound and links in its path do not matter', async (t) => {
  const folder = await tempDir(t);
  mkdirSync(join(folder, 'real'));
  await listenAt(t, join(folder, 'real', 'a.sock'));
  renameSync(join(folder, 'real', 'a.sock'), join(folder, 'real', 'b.sock'));
  symlinkSync('real', join(folder, 'link'));
  t.true(isBound(join(folder, 'link', 'b.sock')));
});

test('a socket whose owner has closed it is not bound, also when another socket had its path before', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  await listenAt(t, path);
  await leaveDeadSocket(t, path);
  t.false(isBound(path));
});

test('a datagram socket is bound too', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const fd = bindDatagramSocket(path);
  t.true(isBound(path));
  closeSync(fd);
  // A program that another test starts holds it too, from fork(2) to exec(2).
  await until(() => isBound(path) === false);
});

test('a path without a socket gives no answer', async (t) => {
  const folder = await tempDir(t);
  writeFileSync(join(folder, 'file'), '');
  t.is(isBound(join(folder, 'nothing')), undefined);
  t.not(isBound(join(folder, 'file')), true);
});
