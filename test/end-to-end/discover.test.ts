/** rpc.discover of a running agent, in every form of a request. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DESCRIPTION_FILE, descriptionText } from '../../description/description-file.ts';
import type { OpenRpcDocument } from '../../description/open-rpc.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { encodeFrame, encodeTextFrame } from '../../wire/frame.ts';
import { holdAgent } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const { Packr } = createRequire(import.meta.url)('msgpackr') as typeof import('msgpackr');
const other = new Packr({ useRecords: false, variableMapSize: true });

const DISCOVER = { jsonrpc: '2.0', id: 1, method: 'rpc.discover' };
const SIGNATURES = [['add(param1, param2)'], ['greet(param1)']];

async function agentModule(t: ExecutionContext): Promise<string> {
  const module = join(await tempDir(t), 'calc.agent.mjs');
  writeFileSync(module, 'export const add = (a, b) => a + b;\nexport const greet = async (name) => name;\n');
  return module;
}

const signaturesIn = ({ methods }: OpenRpcDocument): unknown => methods.map((method) => method['x-signature']);

test('JSON, a batch and MessagePack are answered with the same document, and a notification is not', async (t) => {
  const { socketPath } = await holdAgent(t, await agentModule(t));
  const client = await dial(t, socketPath);
  const add = { jsonrpc: '2.0', id: 2, method: 'add', params: [1, 2] };
  client.socket.write(encodeTextFrame(JSON.stringify({ ...DISCOVER, id: undefined })));
  client.socket.write(encodeTextFrame(JSON.stringify(DISCOVER)));
  await client.until(1);
  client.socket.write(encodeTextFrame(JSON.stringify([DISCOVER, add, { ...DISCOVER, id: 3, method: 'rpc.other' }])));
  await client.until(2);
  client.socket.write(encodeFrame(other.pack(DISCOVER)));
  await client.until(3);
  const [json, batch, packed] = client.frames as [Buffer, Buffer, Buffer];
  const { result: document } = JSON.parse(String(json)) as { result: OpenRpcDocument };
  t.like(document, { openrpc: '1.3.2', info: { title: 'calc', version: '0.0.0' } });
  t.deepEqual(signaturesIn(document), SIGNATURES);
  const [first, second, third] = JSON.parse(String(batch));
  t.deepEqual(first, { jsonrpc: '2.0', id: 1, result: document });
  t.deepEqual(second, { jsonrpc: '2.0', id: 2, result: 3 });
  t.like(third.error, { code: -32601, message: 'the agent has no method "rpc.other"' });
  t.not(packed[0], 0x7b);
  t.deepEqual(other.unpack(packed), { jsonrpc: '2.0', id: 1, result: document });
});

test('the document is made from the file of the version, as soon as it is there', async (t) => {
  const module = await agentModule(t);
  const { socketPath } = await holdAgent(t, module);
  const client = await connectRpc(socketPath);
  t.teardown(client.close);
  t.deepEqual(signaturesIn((await client.call('rpc.discover', [])) as OpenRpcDocument), SIGNATURES);
  const add = { name: 'add', signature: ['add(a: number, b: number): number'], summary: 'Adds.', params: [] };
  const text = descriptionText({
    format: 1,
    package: { name: 'calculator', version: '3.2.1' },
    methods: [{ ...add, result: { schema: { $ref: '#/$defs/Sum' } } }],
    $defs: { Sum: { type: 'number' } },
    notes: [],
  });
  writeFileSync(join(dirname(module), DESCRIPTION_FILE), text);
  const document = (await client.call('rpc.discover', [])) as OpenRpcDocument;
  t.deepEqual(document.info, { title: 'calculator', version: '3.2.1' });
  t.deepEqual(document.components, { schemas: { Sum: { type: 'number' } } });
  t.deepEqual(signaturesIn(document), [add.signature, ['greet(param1)']]);
});

test('an unknown method has a hint with the most similar name', async (t) => {
  const { socketPath } = await holdAgent(t, await agentModule(t));
  const client = await connectRpc(socketPath);
  t.teardown(client.close);
  const code = 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND';
  const similar = await t.throwsAsync(client.call('great', []), { code });
  t.like(similar, { hint: 'Did you mean greet? Its methods: add, greet.' });
  t.like(await t.throwsAsync(client.call('multiply', []), { code }), { hint: 'Call one of its methods: add, greet.' });
});
