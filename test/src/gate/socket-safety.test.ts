/** Socket safety: which sockets other users can reach. */
import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type SafetyOptions, UNCHECKED, unsafeSocket } from '../../../src/gate/socket-safety.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { listenAt } from '../../helpers/unix-sockets.ts';

const ownUid = process.geteuid?.();
const strict: SafetyOptions = { hasOtherUsers: false, hasKey: false, ownUid };

/** A socket and a folder with these modes, in a folder that every user can search. */
async function socketOf(t: ExecutionContext, mode: number, folderMode: number): Promise<string> {
  const outer = await tempDir(t);
  chmodSync(outer, 0o755);
  const folder = join(outer, 'in');
  mkdirSync(folder);
  const path = join(folder, 'a.sock');
  await listenAt(t, path);
  chmodSync(path, mode);
  chmodSync(folder, folderMode);
  return path;
}

type Judgement = ReturnType<typeof unsafeSocket>;

const judge = (path: string, options: Partial<SafetyOptions>): Judgement =>
  unsafeSocket({ family: 'unix', path }, { ...strict, ...options });

const inspect = (path: string, options: Partial<SafetyOptions> = {}): LaunchpoolError | undefined =>
  judge(path, options) as LaunchpoolError | undefined;

for (const [mode, folderMode, isSafe] of [
  [0o600, 0o755, true],
  [0o700, 0o777, true],
  [0o666, 0o700, true],
  [0o777, 0o744, true],
  [0o660, 0o755, false],
  [0o606, 0o755, false],
  [0o777, 0o710, false],
  [0o755, 0o711, false],
] as const) {
  const what = `a socket of mode ${mode.toString(8)} in a folder of mode ${folderMode.toString(8)}`;
  test(`${what} is ${isSafe ? 'safe' : 'unsafe, and the hint is a safe mode'}`, async (t) => {
    const path = await socketOf(t, mode, folderMode);
    const error = inspect(path);
    t.is(error?.code, isSafe ? undefined : 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
    if (isSafe) return;
    t.true(error?.message.includes(path));
    t.regex(error?.hint ?? '', /SocketMode=0600.*SockPathMode to 384.*chmod 700 \//);
  });
}

test('a closed folder further up protects the socket, also against a link past it', async (t) => {
  const path = await socketOf(t, 0o666, 0o755);
  t.is(inspect(path)?.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
  const [outer, elsewhere] = [join(path, '..', '..'), await tempDir(t)];
  chmodSync(elsewhere, 0o755);
  symlinkSync(join(path, '..'), join(elsewhere, 'link'));
  chmodSync(outer, 0o700);
  t.is(inspect(path), undefined);
  t.is(inspect(join(elsewhere, 'link', 'a.sock')), undefined);
});

test('with other users named, an open mode is safe', async (t) => {
  t.is(inspect(await socketOf(t, 0o666, 0o755), { hasOtherUsers: true }), undefined);
});

test('a socket of another user is unsafe with any mode, and a folder of another user protects no socket', async (t) => {
  if (ownUid !== 0) return notTested(t, 'only root can change the owner of files');
  const path = await socketOf(t, 0o600, 0o700);
  chownSync(path, 12_345, 12_345);
  for (const hasOtherUsers of [false, true]) {
    t.regex(inspect(path, { hasOtherUsers })?.message ?? '', /belongs to user 12345/);
  }
  chownSync(path, 0, 0);
  chmodSync(path, 0o666);
  chownSync(join(path, '..'), 12_345, 12_345);
  t.is(inspect(path)?.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
  t.is(inspect(path, { ownUid: 12_345 }), undefined);
});

test('a missing socket is safe', async (t) => {
  t.is(inspect(join(await tempDir(t), 'gone.sock')), undefined);
});

for (const name of ['', '/private/secure/a1b2.sock']) {
  test(`a socket that was renamed from ${JSON.stringify(name)} is judged by the path of its job`, async (t) => {
    const renamedTo = (jobPath: string | undefined, more: Partial<SafetyOptions> = {}): Judgement =>
      judge(name, { ...more, renamed: { jobPath } });
    t.is(renamedTo(await socketOf(t, 0o600, 0o755)), undefined);
    const open = renamedTo(await socketOf(t, 0o666, 0o755));
    t.is((open as LaunchpoolError).code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
    for (const unknown of [undefined, join(await tempDir(t), 'gone.sock'), await tempDir(t)]) {
      t.is(renamedTo(unknown), UNCHECKED);
      const error = renamedTo(unknown, { hasOtherUsers: true }) as LaunchpoolError;
      t.is(error.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
      t.regex(error.hint ?? '', /--label/);
    }
  });
}

test('of a renamed socket, both the name of the descriptor and the path of the job must be safe', async (t) => {
  const [safe, open] = [await socketOf(t, 0o600, 0o755), await socketOf(t, 0o666, 0o755)];
  t.is(inspect(safe, { renamed: { jobPath: safe } }), undefined);
  for (const [name, jobPath] of [
    [safe, open],
    [open, safe],
  ] as const) {
    t.is(inspect(name, { renamed: { jobPath } })?.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
  }
});

test('a socket without a path is open to every user', (t) => {
  t.is(inspect('')?.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
  t.is(inspect('', { hasOtherUsers: true }), undefined);
});

for (const host of ['127.0.0.1', '127.1.2.3', '::1']) {
  test(`on ${host} a key is needed, with or without named users`, (t) => {
    const at = (options: Partial<SafetyOptions>): LaunchpoolError | undefined =>
      unsafeSocket({ family: 'tcp', host }, { ...strict, ...options }) as LaunchpoolError | undefined;
    t.is(at({ hasKey: true }), undefined);
    for (const hasOtherUsers of [false, true]) {
      const error = at({ hasOtherUsers });
      t.is(error?.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
      t.regex(error?.hint ?? '', /--authkey-file/);
    }
  });
}

for (const host of ['0.0.0.0', '::0', '192.168.1.2', '128.0.0.1', 'fe80:0:0:0:0:0:0:1', '12.7.0.1']) {
  test(`on ${host} a socket is unsafe, with or without a key`, (t) => {
    const error = unsafeSocket({ family: 'tcp', host }, { ...strict, hasKey: true }) as LaunchpoolError | undefined;
    t.is(error?.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
    t.true(error?.message.includes(host));
  });
}
