/** Other users of the machine can neither use an agent nor read its files. */
import { chmodSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { connectRpc } from '../../src/client/rpc.ts';
import { activate } from '../helpers/activator.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { createInstallBench, LABEL } from '../helpers/install-bench.ts';
import { ALLOWED_USER, asUser, canBeOtherUser, OTHER_USER } from '../helpers/other-user.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { treeOf } from '../helpers/tree.ts';

type Attempt = { connected: boolean; received: string; error?: string };

const QUESTION = '{"jsonrpc":"2.0","id":1,"method":"sync","params":["in"]}';
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const ANSWER = '{"jsonrpc":"2.0","id":1,"result":"in"}';

const command = (...flags: string[]): readonly [string, ...string[]] => [
  process.execPath,
  ...[ENTRY, 'run', fixture('agents/misbehaving.ts'), '--log-level', 'silent', ...flags],
];

test("another user cannot connect to a socket with launchpool's modes, and starts nothing", async (t) => {
  if (!canBeOtherUser(t)) return;
  const { socketPath, controlPath, all } = await activate(t, command());
  t.is(statSync(socketPath).mode & 0o777, 0o600);
  for (const path of [socketPath, controlPath]) {
    t.like(await asUser<Attempt>(OTHER_USER, 'connect', path, QUESTION), { connected: false, error: 'EACCES' });
  }
  // In an open folder, the mode of the socket itself is enough.
  chmodSync(dirname(socketPath), 0o755);
  for (const path of [socketPath, controlPath]) {
    t.like(await asUser<Attempt>(OTHER_USER, 'connect', path, QUESTION), { connected: false, error: 'EACCES' });
  }
  t.deepEqual(all('started'), []);
});

test('another user who can connect is disconnected without a reply, unless --allow-uid names it; others go on', async (t) => {
  if (!canBeOtherUser(t)) return;
  const { socketPath, controlPath } = await activate(t, command('--allow-uid', String(ALLOWED_USER)));
  chmodSync(dirname(socketPath), 0o755);
  for (const path of [socketPath, controlPath]) chmodSync(path, 0o666);
  const own = await connectRpc(socketPath);
  t.is(await own.call('sync', ['own']), 'own');

  const refused = await asUser<Attempt>(OTHER_USER, 'connect', socketPath, QUESTION);
  t.like(refused, { connected: true, received: '' });
  t.is((await asUser<Attempt>(ALLOWED_USER, 'connect', socketPath, QUESTION)).received, ANSWER);
  t.is((await asUser<Attempt>(OTHER_USER, 'connect', controlPath, PING)).received, '');
  // A user that may call the agent may not use its control socket.
  t.is((await asUser<Attempt>(ALLOWED_USER, 'connect', controlPath, PING)).received, '');
  t.is(await own.call('sync', ['own']), 'own');
  own.close();
});

test('repeated connections of another user do not keep an agent running', async (t) => {
  if (!canBeOtherUser(t)) return;
  const { socketPath, reached } = await activate(t, command('--allow-uid', String(ALLOWED_USER), '--idle', '0.5'));
  chmodSync(dirname(socketPath), 0o755);
  chmodSync(socketPath, 0o666);
  const own = await connectRpc(socketPath);
  t.is(await own.call('sync', ['own']), 'own');
  own.close();
  let hasExited = false;
  const exit = reached('left', 1).then(() => {
    hasExited = true;
  });
  // Each connection starts the next agent if none runs.
  while (!hasExited) await asUser<Attempt>(OTHER_USER, 'connect', socketPath, QUESTION);
  await exit;
  t.pass();
});

test('another user can read neither the key nor any file of an installation', async (t) => {
  if (!canBeOtherUser(t)) return;
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const key = join(await tempDir(t), 'key');
  // The usual situation: the folders above are open.
  chmodSync(dirname(bench.home), 0o755);
  chmodSync(dirname(key), 0o755);
  await bench.install({ agent: { 'authkey-file': key }, log: 'file' });
  const { record, logFile, folder, sockets } = bench.layout;
  const files = [key, record, logFile, ...treeOf(folder).map((line) => join(folder, line.split(' ')[0] as string))];
  t.true(
    files.some((path) => path.endsWith('agent.js')),
    LABEL,
  );
  const codes = new Set(await asUser<string[]>(OTHER_USER, 'read', ...files));
  t.deepEqual(codes, new Set(['EACCES']));
  for (const path of Object.values(sockets)) {
    t.false((await asUser<Attempt>(OTHER_USER, 'connect', path, QUESTION)).connected);
  }
});
