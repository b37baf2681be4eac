/** Results beyond the limit of a reply. */
import test from 'ava';
import { methodFinder, rpcRunner } from '../../workers/run-rpc.ts';

type Response = { id: number; result?: unknown; error?: { data?: { code?: unknown; name?: string } } };

const TOO_LONG = 'ERR_LAUNCHPOOL_RESULT_INVALID';
const MAX_BYTES = 10_000;

async function call(request: unknown): Promise<unknown> {
  const bytes = Buffer.from(JSON.stringify(request));
  const find = methodFinder(
    new Map([['repeat', (text: unknown, count: unknown) => String(text).repeat(Number(count))]]),
  );
  const reply = await rpcRunner(find, { exposeStacks: false, maxReplyBytes: MAX_BYTES }).run(bytes, 0, bytes.length);
  return JSON.parse(reply as string);
}

const repeat = (id: number, text: string, count: number): object => ({
  jsonrpc: '2.0',
  id,
  method: 'repeat',
  params: [text, count],
});
const codes = (responses: Response[]): unknown[] => responses.map(({ id, error }) => [id, error?.data?.code]);

test('a result is as long as the limit allows, counted in bytes with its envelope', async (t) => {
  const envelope = Buffer.byteLength(JSON.stringify({ jsonrpc: '2.0', id: 1, result: '' }));
  const longest = (MAX_BYTES - envelope) / 2;
  t.is(((await call(repeat(1, 'é', Math.floor(longest)))) as Response).result, 'é'.repeat(Math.floor(longest)));
  t.is(((await call(repeat(1, 'é', Math.ceil(longest + 0.5)))) as Response).error?.data?.code, TOO_LONG);
});

test('one long result of a batch is an error, and the others keep theirs', async (t) => {
  const responses = (await call([repeat(1, 'x', 10), repeat(2, 'x', MAX_BYTES), repeat(3, 'y', 10)])) as Response[];
  t.deepEqual(codes(responses), [
    [1, undefined],
    [2, TOO_LONG],
    [3, undefined],
  ]);
  t.is(responses[2]?.result, 'y'.repeat(10));
});

test('results that are longer together than a reply may be are errors', async (t) => {
  const ids = Array.from({ length: 30 }, (_, index) => index);
  const responses = (await call(ids.map((id) => repeat(id, 'x', 400)))) as Response[];
  t.deepEqual(
    codes(responses),
    ids.map((id) => [id, TOO_LONG]),
  );
});
