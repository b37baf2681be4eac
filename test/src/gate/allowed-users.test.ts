/** Which users may speak, with a kernel that says what the test wants. */
import test from 'ava';
import { type AllowedUsers, createAllowedUsers } from '../../../src/gate/allowed-users.ts';

const OWN = 501;

/** Descriptors are the uids of their peers; that of -1 has none. */
function peers(...allowUids: number[]): AllowedUsers {
  return createAllowedUsers({ socketCalls: { uidOf: (fd) => (fd < 0 ? undefined : fd) }, allowUids, ownUid: OWN });
}

test('the own user and root may speak, and those that are named', (t) => {
  for (const uid of [OWN, 0]) t.is(peers()(uid), undefined);
  for (const uid of [OWN, 0, 7, 4_294_967_294]) t.is(peers(7, 4_294_967_294)(uid), undefined);
});

test('everybody else may not, and is told of by number', (t) => {
  for (const uid of [1, 500, 502, 4_294_967_295]) {
    const refusal = peers(7)(uid);
    t.like(refusal, { code: 'ERR_LAUNCHPOOL_PEER_REFUSED', data: { uid } });
    t.true(refusal?.message.includes(`user ${uid} `));
    t.is(refusal?.hint, `If it shall be allowed to: --allow-uid ${uid}.`);
  }
});

test('of whom nothing is known may not speak', (t) => {
  for (const fd of [-1, undefined]) {
    const refusal = peers()(fd);
    t.is(refusal?.code, 'ERR_LAUNCHPOOL_PEER_REFUSED');
    t.is(refusal?.hint, undefined);
  }
});
