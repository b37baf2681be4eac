/** Whether a socket on the disk is anybody's, without a knock at it. */
import { closeSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isReadable } from '../../libc/descriptors.ts';
import { isBound } from '../../libc/is-bound.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { abandonAt, bindDatagramSocket, hold, knockAt, listenAt } from '../helpers/unix-sockets.ts';

test('a socket that is held is bound, and whoever holds it hears nothing of the question', async (t) => {
  const held = await hold(t);
  t.true(isBound(held.path));
  t.false(isReadable(held.fd));
  await knockAt(t, held.path);
  t.true(isReadable(held.fd));
});

test('it does not matter under which name a socket was bound, and what its path leads through', async (t) => {
  const folder = await tempDir(t);
  mkdirSync(join(folder, 'real'));
  await listenAt(t, join(folder, 'real', 'a.sock'));
  renameSync(join(folder, 'real', 'a.sock'), join(folder, 'real', 'b.sock'));
  symlinkSync('real', join(folder, 'link'));
  t.true(isBound(join(folder, 'link', 'b.sock')));
});

test('the socket of somebody who is gone is not bound, also where another one of that name is', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  await listenAt(t, path);
  await abandonAt(t, path);
  t.false(isBound(path));
});

test('a socket of another type is bound as well', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const fd = bindDatagramSocket(path);
  t.true(isBound(path));
  closeSync(fd);
  t.false(isBound(path));
});

test('of a path where there is no socket nothing can be said', async (t) => {
  const folder = await tempDir(t);
  writeFileSync(join(folder, 'file'), '');
  t.is(isBound(join(folder, 'nothing')), undefined);
  t.not(isBound(join(folder, 'file')), true);
});
