/** How a client without an authkey recognises that the server requires one. */
import test from 'ava';
import { CHALLENGE, isChallenge, startsWith } from '../../wire/challenge.ts';
import { createHandshake } from '../../wire/handshake.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const CASES: readonly [what: string, payload: Buffer, expected: boolean][] = [
  ['the 20 bytes of Python up to 3.11', bytes(`#CHALLENGE#${'\xff'.repeat(20)}`), true],
  ['20 bytes that begin like a digest name', bytes(`#CHALLENGE#{md5}${'x'.repeat(15)}`), true],
  ...['md5', 'sha256', 'sha384', 'sha3_256', 'sha3_384'].map((name): [string, Buffer, boolean] => [
    `the 40 bytes of Python from 3.12 on with ${name}`,
    bytes(`#CHALLENGE#{${name}}${'\0'.repeat(40)}`),
    true,
  ]),
  ['a digest unknown to launchpool', bytes(`#CHALLENGE#{blake3}${'x'.repeat(40)}`), true],
  ['the word alone', bytes('#CHALLENGE#'), false],
  ['19 bytes', bytes(`#CHALLENGE#${'x'.repeat(19)}`), false],
  ['21 bytes without a digest', bytes(`#CHALLENGE#${'x'.repeat(21)}`), false],
  ['a digest and 39 bytes', bytes(`#CHALLENGE#{sha256}${'x'.repeat(39)}`), false],
  ['a digest and 41 bytes', bytes(`#CHALLENGE#{sha256}${'x'.repeat(41)}`), false],
  ['a digest name without an end', bytes(`#CHALLENGE#{${'a'.repeat(60)}}`), false],
  ['a digest name in capitals', bytes(`#CHALLENGE#{SHA256}${'x'.repeat(40)}`), false],
  ['an empty digest name', bytes(`#CHALLENGE#{}${'x'.repeat(40)}`), false],
  ['text about a challenge', bytes('#CHALLENGE# accepted, said the raw agent'), false],
  ['a challenge behind a space', bytes(` #CHALLENGE#${'x'.repeat(20)}`), false],
  ['a JSON-RPC response', bytes('{"jsonrpc":"2.0","id":1,"result":null}'), false],
  ['the beginning of the word', bytes('#CHALL'), false],
  ['nothing', bytes(''), false],
];

for (const [what, payload, expected] of CASES) {
  test(`${what}: ${expected ? 'a challenge' : 'no challenge'}`, (t) => {
    t.is(isChallenge(payload), expected);
  });
}

test('the first message of a launchpool server is a challenge', (t) => {
  const [first] = createHandshake({ role: 'server', authkey: bytes('key') }).start();
  t.true(isChallenge(first as Buffer));
});

test('a message starts with itself, and with the empty text', (t) => {
  t.true(startsWith(CHALLENGE, CHALLENGE));
  t.true(startsWith(bytes('x'), Buffer.alloc(0)));
});

test('a message does not start with a longer text', (t) => {
  t.false(startsWith(CHALLENGE.subarray(0, -1), CHALLENGE));
});
