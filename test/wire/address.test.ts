/** Where an agent listens, on both platforms, and which labels and paths are refused. */
import { homedir } from 'node:os';
import test from 'ava';
import fc from 'fast-check';
import {
  type AddressHost,
  checkLabel,
  checkSocketPath,
  controlPathOf,
  MAX_SOCKET_PATH_BYTES,
  socketPathOf,
  withoutCredentials,
} from '../../wire/address.ts';

const INVALID = { code: 'ERR_LAUNCHPOOL_ADDRESS_INVALID' };
const MAC: AddressHost = { platform: 'darwin', home: '/Users/ada', env: { XDG_RUNTIME_DIR: '/ignored' }, uid: 501 };
const LINUX: AddressHost = {
  platform: 'linux',
  home: '/home/ada',
  env: { XDG_RUNTIME_DIR: '/run/of/ada' },
  uid: 1000,
};
const LABEL = 'com.example.rot13';

test('on macOS the socket of a label is in its folder under Application Support', (t) => {
  t.is(socketPathOf(LABEL, MAC), '/Users/ada/Library/Application Support/com.example.rot13/agent.sock');
});

test('on Linux the socket of a label is in the runtime folder', (t) => {
  t.is(socketPathOf(LABEL, LINUX), '/run/of/ada/com.example.rot13.sock');
});

for (const [what, env] of [
  ['no', {}],
  ['an undefined', { XDG_RUNTIME_DIR: undefined }],
  ['an empty', { XDG_RUNTIME_DIR: '' }],
] as const) {
  test(`on Linux with ${what} XDG_RUNTIME_DIR, the runtime folder follows from the user id`, (t) => {
    t.is(socketPathOf(LABEL, { ...LINUX, env }), '/run/user/1000/com.example.rot13.sock');
  });
}

test('by default, the platform, environment, home folder and user id are those of the process', (t) => {
  t.is(socketPathOf(LABEL, { platform: 'linux', env: {} }), `/run/user/${process.getuid?.()}/${LABEL}.sock`);
  t.is(socketPathOf('a', { platform: 'darwin' }), `${homedir()}/Library/Application Support/a/agent.sock`);
  t.is(
    socketPathOf('a'),
    socketPathOf('a', { platform: process.platform, env: process.env, home: homedir(), uid: process.getuid?.() ?? 0 }),
  );
});

for (const path of ['/tmp/a.sock', './a.sock', 'sub/a', '/tmp/with space and é']) {
  test(`the target ${path} is a path and is used unchanged`, (t) => {
    t.is(socketPathOf(path, MAC), path);
    t.is(socketPathOf(path, LINUX), path);
  });
}

for (const label of ['a', 'rot13', '_private', 'com.example.rot13', 'A-b_c.9', '9lives', 'a.']) {
  test(`${label} is a label`, (t) => {
    t.is(checkLabel(label), label);
  });
}

for (const label of [
  '',
  '.',
  '..',
  '.hidden',
  '-rf',
  'a..b',
  'a b',
  'a\n',
  'a\0',
  'ä',
  'a:b',
  'a@b',
  '%h',
  '$HOME',
  '~',
]) {
  test(`${JSON.stringify(label)} is not a label`, (t) => {
    t.throws(() => checkLabel(label), INVALID);
    t.throws(() => socketPathOf(label, LINUX), INVALID);
  });
}

test('a label is not a path', (t) => {
  t.throws(() => checkLabel('a/b'), INVALID);
});

const ofBytes = (bytes: number): string => `/${'a'.repeat(bytes - 1)}`;

test('a path may have 103 bytes', (t) => {
  t.is(MAX_SOCKET_PATH_BYTES, 103);
  t.is(checkSocketPath(ofBytes(103)), ofBytes(103));
});

test('a path of 104 bytes is refused', (t) => {
  t.throws(() => checkSocketPath(ofBytes(104)), INVALID);
  t.throws(() => socketPathOf(ofBytes(104), LINUX), INVALID);
});

test('the length of a path is counted in bytes, not in characters', (t) => {
  const path = `/${'é'.repeat(51)}`;
  t.is(checkSocketPath(path), path);
  t.throws(() => checkSocketPath(`${path}a`), INVALID);
});

test('the error of a refused path contains the path and its length', (t) => {
  const { message } = t.throws(() => checkSocketPath(ofBytes(120)), INVALID);
  t.true(message.includes('120 bytes') && message.includes(ofBytes(120)));
});

test('an empty path and a path with a NUL are refused', (t) => {
  t.throws(() => checkSocketPath(''), INVALID);
  t.throws(() => checkSocketPath('/tmp/a\0b'), INVALID);
});

test('a label that makes the path too long is refused', (t) => {
  const fitting = 'x'.repeat(103 - '/run/of/ada/.sock'.length);
  t.is(socketPathOf(fitting, LINUX).length, 103);
  t.throws(() => socketPathOf(`${fitting}x`, LINUX), INVALID);
});

for (const [socketPath, controlPath] of [
  ['/tmp/a.sock', '/tmp/a.control.sock'],
  ['/tmp/a', '/tmp/a.control.sock'],
  ['/tmp/a.sock.sock', '/tmp/a.sock.control.sock'],
  ['/tmp/a.sock/b', '/tmp/a.sock/b.control.sock'],
  ['/tmp/asock', '/tmp/asock.control.sock'],
] as const) {
  test(`the control socket of ${socketPath} is ${controlPath}`, (t) => {
    t.is(controlPathOf(socketPath), controlPath);
  });
}

test('a path whose control socket path would be too long is refused', (t) => {
  const fitting = `${ofBytes(90)}.sock`;
  t.is(controlPathOf(fitting).length, 103);
  t.throws(() => controlPathOf(`${ofBytes(91)}.sock`), INVALID);
});

for (const [target, shown] of [
  ['nats://host/name', 'nats://host/name'],
  ['nats://me:secret@one:4222,two/name', 'nats://one:4222,two/name'],
  ['tls://one,me:secret@[::1]:4222/name', 'tls://one,[::1]:4222/name'],
  ['nats://token@one,me:secret@two/name', 'nats://one,two/name'],
  // These should have been encoded.
  ['nats://me:sec/ret@host/name', 'nats://host/name'],
  ['nats://me:sec,ret@host/name', 'nats://host/name'],
  ['nats://me:sec@ret@host/name', 'nats://host/name'],
  ['nats://me:sec?r#et@host/name', 'nats://host/name'],
  ['/run/agent@home.sock', '/run/agent@home.sock'],
] as const) {
  test(`${target} is shown as ${shown}`, (t) => {
    t.is(withoutCredentials(target), shown);
  });
}

test('no part of a password is shown, whatever it has', (t) => {
  const password = fc.string({ unit: fc.constantFrom('/', ',', '?', '#', '@', ':', '%'), minLength: 1, maxLength: 8 });
  const property = fc.property(password, (text) => {
    t.notRegex(withoutCredentials(`nats://user:q${text}q@host:4222/name`), /user|q/);
  });
  fc.assert(property);
});
