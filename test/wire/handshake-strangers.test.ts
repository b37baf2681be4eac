/** The authkey handshake against clients without the key, and with an answer that is almost right. */
import { strictEqual } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { createHandshake } from '../../wire/handshake.ts';

const KEY = Buffer.from('secret');
const text = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');

const anyMessage = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc
    .tuple(
      fc.constantFrom('', '#CHALLENGE#', '#WELCOME#', '#FAILURE#'),
      fc.constantFrom('', '{', '{md5}', '{sha256}', '{sha3_384}', '{sha1}', '{}'),
      fc.uint8Array({ maxLength: 48 }),
    )
    .map(([word, name, rest]) => Buffer.concat([text(word), text(name), rest])),
);

for (const role of ['server', 'client'] as const) {
  test(`a ${role} agrees with no message made without the key, and does not throw`, (t) => {
    const property = fc.property(fc.array(anyMessage, { maxLength: 6 }), fc.boolean(), (messages, md5) => {
      const handshake = createHandshake({ role, authkey: KEY, md5 });
      handshake.start();
      for (const message of messages) strictEqual(handshake.receive(message).done, false);
    });
    t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
  });
}

test('a correct answer that is cut short or changed in one bit is refused', (t) => {
  const spoilt = fc.property(fc.nat(), fc.nat(7), fc.boolean(), (place, bit, isCut) => {
    const handshake = createHandshake({ role: 'server', authkey: KEY });
    const challenge = handshake.start()[0]?.subarray('#CHALLENGE#'.length) ?? text('');
    const answer = Buffer.concat([text('{sha256}'), createHmac('sha256', KEY).update(challenge).digest()]);
    const at = place % answer.length;
    const message = isCut ? answer.subarray(0, at) : Buffer.from(answer);
    if (!isCut) message.writeUInt8(answer.readUInt8(at) ^ (1 << bit), at);
    const step = handshake.receive(message);
    strictEqual(step.error?.code, 'ERR_LAUNCHPOOL_AUTH_FAILED');
    strictEqual(step.send.join(), '#FAILURE#');
  });
  t.notThrows(() => fc.assert(spoilt, { numRuns: 500 }));
});
