/** Late replies leave their thread while there is credit for them; the others wait, in order, and stop further requests. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { createLateReplies, type LateReplies } from '../../workers/late-replies.ts';
import { createReplyAccount, isFull, returnUnits, unitsOf } from '../../workers/reply-account.ts';
import type { LateReply } from '../../workers/task.ts';

const MIB = 1024 * 1024;

type Rig = {
  lateReplies: LateReplies;
  /** The tickets of the sent outcomes, and `room`. */
  sent: (number | 'room')[];
  /** How many KiB of replies have been sent and are not given back. */
  onWay(): number;
  isFull(): boolean;
  /** Gives credit back, as the main thread does. Returns whether the thread was told. */
  giveBack(units: number): boolean;
};

function createRig(maxBytes = Number.POSITIVE_INFINITY): Rig {
  const account = createReplyAccount();
  const sent: Rig['sent'] = [];
  let onWay = 0;
  const lateReplies = createLateReplies({
    maxBytes,
    account,
    send(message) {
      if (message.launchpool === 'room') sent.push('room');
      if (message.launchpool !== 'late-replies') return;
      deepStrictEqual(
        message.units,
        message.outcomes.reduce((sum, { reply }) => sum + unitsOf(reply?.length ?? 0), 0),
      );
      onWay += message.units;
      sent.push(...message.outcomes.map(({ ticket }) => ticket));
    },
  });
  return {
    lateReplies,
    sent,
    onWay: () => onWay,
    isFull: () => isFull(account),
    giveBack(units) {
      onWay -= units;
      const isWoken = returnUnits(account, units);
      if (isWoken) lateReplies.resume();
      return isWoken;
    },
  };
}

const replyOf = (ticket: number, bytes: number): LateReply => ({ ticket, index: 0, reply: new Uint8Array(bytes) });

test('replies of up to 4 MiB are sent without being asked for, and the others as credit comes back, in order', async (t) => {
  const { lateReplies, sent, giveBack } = createRig();
  for (let ticket = 1; ticket <= 7; ticket += 1) lateReplies.add(replyOf(ticket, MIB));
  await turn();
  t.deepEqual(sent, [1, 2, 3, 4]);
  t.true(giveBack(unitsOf(MIB)));
  await turn();
  t.deepEqual(sent, [1, 2, 3, 4, 5]);
  t.true(giveBack(4 * unitsOf(MIB)));
  await turn();
  t.deepEqual(sent, [1, 2, 3, 4, 5, 6, 7]);
  t.false(giveBack(2 * unitsOf(MIB)), 'nothing waits');
});

test('one reply of any length is sent while no other is on its way', async (t) => {
  const { lateReplies, sent, giveBack } = createRig();
  lateReplies.add(replyOf(1, 9 * MIB));
  lateReplies.add(replyOf(2, 9 * MIB));
  await turn();
  t.deepEqual(sent, [1]);
  giveBack(unitsOf(9 * MIB));
  await turn();
  t.deepEqual(sent, [1, 2]);
});

test('outcomes without a reply wait for no credit', async (t) => {
  const { lateReplies, sent } = createRig();
  lateReplies.add(replyOf(1, 5 * MIB));
  lateReplies.add(replyOf(2, 1));
  lateReplies.add({ ticket: 3, index: 0 });
  await turn();
  t.deepEqual(sent, [1, 3]);
});

test('a thread is full while replies of the limit wait in it, and reports when it is not any more', async (t) => {
  const { lateReplies, sent, isFull, giveBack } = createRig(2 * MIB);
  for (let ticket = 1; ticket <= 6; ticket += 1) lateReplies.add(replyOf(ticket, MIB));
  await turn();
  t.deepEqual([lateReplies.isFull, isFull()], [true, true]);
  giveBack(unitsOf(MIB));
  await turn();
  t.deepEqual([lateReplies.isFull, isFull(), sent.at(-1)], [false, false, 'room']);
});

test('the reply of a cancelled request is dropped, and its outcome is sent', async (t) => {
  const { lateReplies, sent } = createRig(2 * MIB);
  for (let ticket = 1; ticket <= 6; ticket += 1) lateReplies.add(replyOf(ticket, MIB));
  await turn();
  lateReplies.drop(6, 0);
  lateReplies.drop(99, 0);
  await turn();
  t.deepEqual(sent.filter((each) => each !== 'room').sort(), [1, 2, 3, 4, 6]);
  t.false(lateReplies.isFull);
});

test('whatever is added, dropped and given back, every outcome is sent once, and at most 4 MiB or one reply are on their way', async (t) => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ add: fc.oneof(fc.nat(MIB), fc.constant(0), fc.constant(6 * MIB)) }),
      fc.record({ giveBack: fc.nat(8) }),
      fc.record({ drop: fc.nat(30) }),
      fc.constant({ turn: true }),
    ),
    { maxLength: 40 },
  );
  const holds = fc.asyncProperty(steps, async (list) => {
    const { lateReplies, sent, onWay, giveBack, isFull } = createRig(3 * MIB);
    let added = 0;
    for (const step of list) {
      if ('add' in step) {
        added += 1;
        lateReplies.add(step.add === 0 ? { ticket: added, index: 0 } : replyOf(added, step.add));
      } else if ('giveBack' in step) giveBack(Math.min(onWay(), 1024 * step.giveBack));
      else if ('drop' in step) lateReplies.drop(step.drop, 0);
      else await turn();
      ok(onWay() <= Math.max(4 * 1024, unitsOf(6 * MIB)));
      deepStrictEqual(lateReplies.isFull, isFull());
    }
    for (let rounds = 0; rounds <= added; rounds += 1) {
      await turn();
      giveBack(onWay());
    }
    const tickets = sent.filter((each) => each !== 'room');
    deepStrictEqual(
      [...tickets].sort((a, b) => Number(a) - Number(b)),
      Array.from({ length: added }, (_unused, at) => at + 1),
    );
    deepStrictEqual([isFull(), onWay()], [false, 0]);
  });
  await t.notThrowsAsync(() => fc.assert(holds, { numRuns: 50 }));
});
