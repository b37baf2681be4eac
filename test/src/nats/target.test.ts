import test from 'ava';
import fc from 'fast-check';
import { checkServiceName, parseServers, parseTarget } from '../../../src/nats/target.ts';

const INVALID = { code: 'ERR_LAUNCHPOOL_ADDRESS_INVALID' };

test('an address has servers, credentials and a name', (t) => {
  t.deepEqual(parseTarget('nats://host/rot13'), { servers: ['host:4222'], isEncrypted: false, name: 'rot13' });
  t.deepEqual(parseTarget('tls://us%40er:p%3Ass:word@a:1,b,[::1]:3/x_Y-1'), {
    servers: ['a:1', 'b:4222', '[::1]:3'],
    isEncrypted: true,
    user: 'us@er',
    pass: 'p:ss:word',
    name: 'x_Y-1',
  });
  t.deepEqual(parseServers('nats://token@host'), { servers: ['host:4222'], isEncrypted: false, token: 'token' });
  t.deepEqual(parseServers('nats://u:p@a,u:p@b/').servers, ['a:4222', 'b:4222']);
});

for (const text of [
  '',
  'host',
  'http://host/name',
  'nats://',
  'nats:///name',
  'nats://host:0/name',
  'nats://host:65536/name',
  'nats://ho st/name',
  'nats://host/na.me',
  'nats://host/a/b',
  'nats://host',
  'nats://a,,b/name',
  'nats://100%:x@host/name',
]) {
  test(`refuses ${JSON.stringify(text)}`, (t) => {
    t.throws(() => parseTarget(text), INVALID);
  });
}

test('the servers have no name of a service', (t) => {
  t.throws(() => parseServers('nats://host/name'), { ...INVALID, message: /has a path/ });
});

test('no error has a password in it', (t) => {
  const secret = fc.stringMatching(/^[a-z]{8}$/);
  fc.assert(
    fc.property(secret, fc.string(), (password, rest) => {
      try {
        parseTarget(`nats://user:${password}@${rest}`);
      } catch (error) {
        t.false(`${(error as Error).message}`.includes(password));
      }
    }),
  );
});

test('names that are a token of a subject', (t) => {
  t.is(checkServiceName('com-example_1'), 'com-example_1');
  for (const name of ['', 'a.b', '*', '>', 'a b', 'ü', 'x'.repeat(101)])
    t.throws(() => checkServiceName(name), INVALID);
});
