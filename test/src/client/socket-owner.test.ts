/** The owner of a socket, which a client checks before it sends anything. */
import { chownSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connect, connectRaw } from '../../../src/client/index.ts';
import { checkSocketOwner } from '../../../src/client/socket-owner.ts';
import { callControl } from '../../../src/control/call.ts';
import { connectControl } from '../../../src/control/client.ts';
import { encodeResult } from '../../../wire/json-rpc.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { type FrameServer, serveFrames } from '../../helpers/frame-server.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const ROOT = 0;
const OTHER_USER = 12_345;
const CODE = 'ERR_LAUNCHPOOL_SOCKET_OWNER';

type OwnedServer = FrameServer & {
  /** The owner of the socket, which is not root. */
  owner: number;
  received: string[];
};

/** An agent whose only method is `hello`, and its control socket, which belong to a user that is not root. */
async function serveAsUser(t: ExecutionContext): Promise<OwnedServer> {
  const received: string[] = [];
  const server = await serveFrames(t, (payload, peer) => {
    received.push(payload.toString());
    const { id } = JSON.parse(payload.toString());
    peer.send(encodeResult(id, 'hello'));
  });
  if (statSync(server.path).uid === ROOT) chownSync(server.path, 23_456, 23_456);
  return { ...server, received, owner: statSync(server.path).uid };
}

/** Runs an action as if the process were another user's. */
async function as<Result>(uid: number, action: () => Promise<Result>): Promise<Result> {
  const { geteuid } = process;
  process.geteuid = () => uid;
  try {
    return await action();
  } finally {
    process.geteuid = geteuid as () => number;
  }
}

for (const [what, ownUid, serverUids, isTrusted] of [
  ['its owner', 'owner', [], true],
  ['root', ROOT, [], true],
  ['another user', OTHER_USER, [], false],
  ['another user who names the owner', OTHER_USER, [1, 'owner'], true],
  ['another user who names a third one', OTHER_USER, [1, 2], false],
  ['a user of a system without users', undefined, [], true],
] as const) {
  test.serial(`a socket is ${isTrusted ? '' : 'not '}trusted by ${what}`, async (t) => {
    const { path, owner } = await serveAsUser(t);
    const uidOf = (uid: number | 'owner'): number => (uid === 'owner' ? owner : uid);
    const check = (): void =>
      checkSocketOwner(path, serverUids.map(uidOf), ownUid === undefined ? undefined : uidOf(ownUid));
    if (isTrusted) t.notThrows(check);
    else t.throws(check, { code: CODE });
  });
}

test('a socket of root is trusted by every user', (t) => {
  t.notThrows(() => checkSocketOwner('/', [], OTHER_USER));
});

test.serial('a client sends nothing to a socket of another user, and names both users', async (t) => {
  const { path, owner, peers, received } = await serveAsUser(t);
  await as(OTHER_USER, async () => {
    const options = { activationMs: 3_600_000, authkey: 'key' };
    for (const connecting of [
      () => connect(path, options),
      () => connectRaw(path, options),
      () => connectRaw(path, { ...options, serverUid: [1, 2] }),
      () => connectControl(path, 3_600_000),
    ]) {
      const error = await t.throwsAsync(connecting, { code: CODE });
      t.true(error?.message.includes(`belongs to user ${owner}; the caller is user ${OTHER_USER}`));
      t.like(error, { remote: false, retryable: false, data: { socketUid: owner, ownUid: OTHER_USER } });
      t.true((error as { hint?: string } | undefined)?.hint?.includes(`--server-uid ${owner}`));
    }
  });
  t.is(peers.length, 0);
  t.deepEqual(received, []);
});

test.serial('serverUid allows one owner or several', async (t) => {
  const { path, owner } = await serveAsUser(t);
  await as(OTHER_USER, async () => {
    for (const serverUid of [owner, [1, owner]]) {
      const agent = await connect<{ hello: () => string }>(path, { serverUid });
      t.is(await agent.hello(), 'hello');
      await agent[Symbol.asyncDispose]();
    }
  });
});

test.serial('the owner is that of the socket, not of a symbolic link to it', async (t) => {
  const { path, owner } = await serveAsUser(t);
  const link = join(await tempDir(t), 'link.sock');
  symlinkSync(path, link);
  await as(OTHER_USER, async () => {
    await t.throwsAsync(connectRaw(link), { code: CODE });
    (await connectRaw(link, { serverUid: owner })).close();
  });
});

test.serial('a control call checks the owner of the control socket', async (t) => {
  const { path, received } = await serveAsUser(t);
  const target = join(dirname(path), 'a.sock');
  symlinkSync(path, join(dirname(path), 'a.control.sock'));
  await as(OTHER_USER, () => t.throwsAsync(callControl({ target, method: 'reload' }), { code: CODE }));
  t.deepEqual(received, []);
});

/** Runs an action as the given user, with an event at the second check of an owner. */
async function atSecondCheck<Result>(uid: number, event: () => number, action: () => Promise<Result>): Promise<Result> {
  let checks = 0;
  const { geteuid } = process;
  process.geteuid = () => {
    checks += 1;
    return checks === 2 ? event() : uid;
  };
  try {
    return await action();
  } finally {
    process.geteuid = geteuid as () => number;
  }
}

test.serial('a socket that another user puts at the path while the client connects is refused', async (t) => {
  const { path, owner, received } = await serveAsUser(t);
  // A test without privileges cannot change the owner; so the caller is another one at the second check.
  const connecting = (): Promise<unknown> => connectRaw(path);
  await atSecondCheck(
    owner,
    () => OTHER_USER,
    () => t.throwsAsync(connecting, { code: CODE }),
  );
  t.deepEqual(received, []);
});

test.serial('a socket that is removed while the client connects is not trusted', async (t) => {
  const { path, owner, received } = await serveAsUser(t);
  const remove = (): number => {
    unlinkSync(path);
    return owner;
  };
  const connecting = (): Promise<unknown> => connectRaw(path, { activationMs: 0 });
  await atSecondCheck(owner, remove, () =>
    t.throwsAsync(connecting, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', message: /ENOENT/ }),
  );
  t.deepEqual(received, []);
});

test.serial('a missing socket, and one below a file, keep their errors', async (t) => {
  const folder = await tempDir(t);
  await as(OTHER_USER, async () => {
    const missing = connectRaw(join(folder, 'none.sock'), { activationMs: 0 });
    await t.throwsAsync(missing, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', message: /ENOENT/ });
    const below = connectRaw(`${(await serveAsUser(t)).path}/below`, { activationMs: 0 });
    await t.throwsAsync(below, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', message: /ENOTDIR/ });
  });
});

test('`launchpool call` and `repl` check the owner, and --server-uid allows one', async (t) => {
  const { path, owner, received } = await serveAsUser(t);
  const asOther = `--import=data:text/javascript,process.geteuid=()=>${OTHER_USER}`;
  const launchpool = (args: string[], input?: string) =>
    runProgram([process.execPath, asOther, ENTRY, ...args], input === undefined ? {} : { input });

  const refused = await launchpool(['call', path, 'hello']);
  t.is(refused.status, 77);
  t.regex(refused.stderr, new RegExp(`user ${owner}.*user ${OTHER_USER} \\(${CODE}\\)\n.*--server-uid ${owner}`));
  t.is((await launchpool(['repl', path], 'hello\n')).status, 77);
  t.deepEqual(received, []);
  const allowed = await launchpool(['call', path, 'hello', '--server-uid', `1,${owner}`]);
  t.is(allowed.stdout.toString(), '"hello"\n');
  t.is((await launchpool(['repl', path, '--server-uid', String(owner)], 'hello\n')).stdout.toString(), '"hello"\n');
  t.is((await launchpool(['call', path, 'hello', '--server-uid', 'me'])).status, 64);
});
