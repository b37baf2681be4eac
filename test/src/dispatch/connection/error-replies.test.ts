/** The replies that the main thread writes itself: right, and bounded, whatever the request is. */
import test from 'ava';
import { errorFor, errorsFor, MAX_OWN_REPLY_BYTES } from '../../../../src/dispatch/connection/error-replies.ts';
import { countFrames } from '../../../../wire/frame-walk.ts';
import { textsOf } from '../../../helpers/dispatch-bench.ts';

const ERROR = { name: 'LaunchpoolError', message: 'busy', code: 'ERR_LAUNCHPOOL_BUSY' };

type Reply = { id: unknown; error: { code: number; message: string } };

function repliesTo(payload: string | Buffer, error: Parameters<typeof errorsFor>[1] = ERROR): Reply | Reply[] {
  const { reply } = errorsFor(Buffer.from(payload), error);
  if (reply === undefined) throw new Error('no reply');
  if (reply.length > MAX_OWN_REPLY_BYTES) throw new Error(`a reply of ${reply.length} bytes`);
  return JSON.parse(textsOf(reply)[0] as string);
}

test('a batch of as many requests as agents accept by default gets an error for each', (t) => {
  const ids = Array.from({ length: 10_000 }, (_unused, id) => id);
  const hint = 'h'.repeat(250);
  const replies = repliesTo(JSON.stringify(ids.map((id) => ({ id, method: 'm' }))), { ...ERROR, hint }) as Reply[];
  t.deepEqual(
    replies.map(({ id }) => id),
    ids,
  );
});

for (const [what, payload] of [
  ['millions of requests', `[${'{"id":1},'.repeat(2_500_000)}{"id":1}]`],
  ['millions of numbers', `[${'1,'.repeat(3_200_000)}1]`],
  ['ids of megabytes', `[${`{"id":"${'x'.repeat(1_000_000)}"},`.repeat(8)}{"id":1}]`],
  ['one id of many megabytes', `{"id":"${'x'.repeat(MAX_OWN_REPLY_BYTES)}"}`],
] as const) {
  test(`a request of ${what} gets one error with the id null`, (t) => {
    t.like(repliesTo(payload), { id: null, error: { message: 'busy' } });
  });
}

test('an error of any length is bounded', (t) => {
  const long = { name: 'n'.repeat(1e6), message: 'm'.repeat(1e7), code: 'c'.repeat(1e6), data: ['d'.repeat(1e6)] };
  const reply = repliesTo('{"id":7}', long) as Reply;
  t.is(reply.id, 7);
  t.true(reply.error.message.startsWith('mmm') && JSON.stringify(reply).length < 32_000);
  const { reply: byId } = errorFor('7', long);
  t.true(countFrames(Buffer.from(byId ?? [])) === 1 && (byId?.length ?? 0) < 32_000);
});
