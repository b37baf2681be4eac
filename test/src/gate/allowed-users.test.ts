/** The users that may connect. */
import test from 'ava';
import { type AllowedUsers, createAllowedUsers } from '../../../src/gate/allowed-users.ts';

const OWN = 501;

function peers(...allowUids: number[]): AllowedUsers {
  return createAllowedUsers({ allowUids, ownUid: OWN });
}

test('the own user, root and the named users may connect', (t) => {
  for (const uid of [OWN, 0]) t.is(peers()(uid), undefined);
  for (const uid of [OWN, 0, 7, 4_294_967_294]) t.is(peers(7, 4_294_967_294)(uid), undefined);
});

test('other users are rejected, with their number in the error', (t) => {
  for (const uid of [1, 500, 502, 4_294_967_295]) {
    const refusal = peers(7)(uid);
    t.like(refusal, { code: 'ERR_LAUNCHPOOL_PEER_REFUSED', data: { uid } });
    t.true(refusal?.message.includes(`user ${uid} `));
    t.is(refusal?.hint, `Allow this user with --allow-uid ${uid}.`);
  }
});

test('a peer without a known user is refused', (t) => {
  const refusal = peers()(undefined);
  t.is(refusal?.code, 'ERR_LAUNCHPOOL_PEER_REFUSED');
  t.is(refusal?.hint, undefined);
});
