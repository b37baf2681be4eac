/** The path of a held socket: folders that are made, sockets that are replaced, and files that are kept. */
import { closeSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { holdSocket } from '../../../src/holder/held-socket.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import {
  bindDatagramSocket,
  connectTo,
  hold,
  leaveDeadSocket,
  listenAt,
  shortenQueue,
} from '../../helpers/unix-sockets.ts';

const NEVER = new AbortController().signal;

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('only the owner can reach the socket and a folder that is made for it', async (t) => {
  const { path } = await hold(t, join(await tempDir(t), 'made', 'deep', 'a.sock'));
  t.is(modeOf(path), '600');
  t.is(modeOf(dirname(path)), '700');
  t.is(modeOf(dirname(dirname(path))), '700');
});

test('an existing folder keeps its mode', async (t) => {
  const folder = join(await tempDir(t), 'there');
  mkdirSync(folder, { mode: 0o755 });
  const mode = modeOf(folder);
  await hold(t, join(folder, 'a.sock'));
  t.is(modeOf(folder), mode);
});

test('the folder has only the socket and its lock, and the umask is restored', async (t) => {
  const umask = process.umask();
  const { path } = await hold(t);
  t.deepEqual(readdirSync(dirname(path)), [basename(path), `${basename(path)}.lock`]);
  t.is(process.umask(), umask);
});

test('a dead socket is replaced', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  await leaveDeadSocket(t, path);
  const held = await hold(t, path);
  const connected = held.waitForConnection(NEVER);
  await connectTo(t, path);
  await connected;
  t.deepEqual(readdirSync(dirname(path)), ['a.sock', 'a.sock.lock']);
});

test('a socket with a listener is refused and kept', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  await listenAt(t, path);
  const { ino } = statSync(path);
  const error = await t.throwsAsync(holdSocket(path), { code: 'ERR_LAUNCHPOOL_SOCKET_IN_USE' });
  t.true(error.message.includes(path));
  t.is(statSync(path).ino, ino);
  t.is(await text(await connectTo(t, path)), 'alive');
});

// macOS refuses a connection to a full queue with the same error as one to a dead socket.
if (process.platform === 'linux') {
  test('a socket with a full queue is in use', async (t) => {
    const { path, fd } = await hold(t);
    shortenQueue(fd);
    const { ino } = statSync(path);
    await connectTo(t, path);
    await t.throwsAsync(holdSocket(path), { code: 'ERR_LAUNCHPOOL_SOCKET_IN_USE' });
    t.is(statSync(path).ino, ino);
  });
}

test('another file at the path is kept', async (t) => {
  const folder = await tempDir(t);
  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  symlinkSync(file, join(folder, 'link'));
  mkdirSync(join(folder, 'folder'));
  for (const name of ['file', 'link', 'folder']) {
    await t.throwsAsync(holdSocket(join(folder, name)), { code: 'ERR_LAUNCHPOOL_SOCKET_FAILED' }, name);
  }
  t.deepEqual(readdirSync(folder).sort(), ['file', 'folder', 'link']);
  t.is(readFileSync(join(folder, 'link'), 'utf8'), 'precious');
});

test('a datagram socket at the path is kept', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const fd = bindDatagramSocket(path);
  t.teardown(() => closeSync(fd));
  const { ino } = statSync(path);
  await t.throwsAsync(holdSocket(path), { instanceOf: LaunchpoolError });
  t.is(statSync(path).ino, ino);
});

test('a path that is too long is refused before a folder is made', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'made', 'x'.repeat(104 - folder.length - '/made/'.length));
  await t.throwsAsync(holdSocket(path), { code: 'ERR_LAUNCHPOOL_ADDRESS_INVALID' });
  t.deepEqual(readdirSync(folder), []);
  const { path: longest } = await hold(t, path.slice(0, -1));
  t.is(longest.length, 103);
});

test('a folder that cannot be made is an error with a hint', async (t) => {
  const folder = await tempDir(t);
  writeFileSync(join(folder, 'file'), '');
  const error = await t.throwsAsync(holdSocket(join(folder, 'file', 'a.sock')), {
    code: 'ERR_LAUNCHPOOL_SOCKET_FAILED',
  });
  t.regex((error as Error & { hint: string }).hint, /--socket/);
});

test('a path with the suffix of the temporary name can be held', async (t) => {
  const { path } = await hold(t, join(await tempDir(t), 'a.sock~'));
  t.true(statSync(path).isSocket());
});
