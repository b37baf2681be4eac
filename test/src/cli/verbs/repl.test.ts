/** What `.help` of `launchpool repl` says of an agent at the path of a socket. */
import test from 'ava';
import { openRpc } from '../../../../description/open-rpc.ts';
import { helpOn } from '../../../../src/cli/verbs/repl.ts';
import type { RpcClient } from '../../../../src/client/rpc.ts';

const DOCUMENT = openRpc(
  {
    format: 1,
    methods: ['add', 'sum'].map((name) => ({
      name,
      signature: [`${name}(a: number): number`],
      summary: `The summary of ${name}.`,
      params: [{ name: 'a', schema: true, required: true, description: 'the first' }],
      result: { schema: true },
    })),
    $defs: {},
    notes: [],
  },
  { title: 'calc', version: '1.0.0' },
);

const answering = (result: unknown): (() => Promise<RpcClient>) => {
  const client: Pick<RpcClient, 'call'> = { call: async (method) => (method === 'rpc.discover' ? result : undefined) };
  return async () => client as RpcClient;
};

test('all methods have a signature and a summary, and one has its parameters', async (t) => {
  const help = helpOn('/a.sock', answering(DOCUMENT));
  t.is(
    await help(undefined),
    'add(a: number): number\n    The summary of add.\nsum(a: number): number\n    The summary of sum.\n',
  );
  t.is(await help('add'), 'add(a: number): number\n  The summary of add.\n  a: the first\n');
});

test('an unknown method, and an agent that is no one of launchpool, are errors', async (t) => {
  const unknown = await t.throwsAsync(helpOn('/a.sock', answering(DOCUMENT))('ad'), {
    code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND',
  });
  t.like(unknown, { hint: 'Did you mean add? Its methods: add, sum.' });
  for (const result of [null, 1, {}, { info: {}, methods: [{ name: 'a' }] }, { methods: [] }])
    await t.throwsAsync(helpOn('/a.sock', answering(result))(undefined), { code: 'ERR_LAUNCHPOOL_REPLY_INVALID' });
});
