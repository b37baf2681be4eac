/** Arguments that do not have the types of the parameters, at a running agent. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checksPath } from '../../description/checks-file.ts';
import type { Description, MethodDescription, ParamDescription, Schema } from '../../description/description.ts';
import { DESCRIPTION_FILE, descriptionText } from '../../description/description-file.ts';
import { checksCode } from '../../src/checks/checks-code.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { createActivator } from '../../src/holder/activator.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { encodeFrame, encodeTextFrame } from '../../wire/frame.ts';
import { ENTRY, holdAgent } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

const { Packr } = createRequire(import.meta.url)('msgpackr') as typeof import('msgpackr');
const packr = new Packr({ useRecords: false, variableMapSize: true });

const MODULE = `let calls = 0;
export const add = (a, b = 0) => { calls += 1; return a + b; };
export const greet = ({ name }) => { calls += 1; return 'Hello ' + name; };
export const sum = async (numbers) => { let sum = 0; for await (const each of numbers) sum += each; return sum; };
export const when = (date) => Object.prototype.toString.call(date);
export const deep = (value) => typeof value;
export const count = () => calls;
`;

const param = (name: string, schema: Schema, more: Partial<ParamDescription> = {}): ParamDescription => ({
  name,
  schema,
  required: true,
  ...more,
});
const method = (name: string, signature: string, params: ParamDescription[]): MethodDescription => ({
  name,
  signature: [signature],
  params,
  result: { schema: true },
});
const User: Schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const List: Schema = { anyOf: [{ type: 'null' }, { type: 'object', properties: { next: { $ref: '#/$defs/List' } } }] };
const STREAM: Schema = { type: 'object', properties: { $stream: { type: 'integer' } }, required: ['$stream'] };

const DESCRIPTION: Description = {
  format: 1,
  compiler: 'typescript 7.0.2',
  methods: [
    method('add', 'add(a: number, b?: number): number', [
      param('a', { type: 'number' }),
      param('b', { type: ['number', 'null'] }, { required: false }),
    ]),
    method('greet', 'greet(user: User): string', [param('user', { $ref: '#/$defs/User' })]),
    method('sum', 'sum(numbers: AsyncIterable<number>): Promise<number>', [
      param('numbers', STREAM, { stream: { items: { type: 'number' } } }),
    ]),
    method('when', 'when(date: Date): string', [
      param('date', { type: 'string', format: 'date-time', 'x-messagepack': 'date' }),
    ]),
    method('deep', 'deep(value: List): string', [param('value', { $ref: '#/$defs/List' })]),
  ],
  $defs: { List, User },
  notes: [],
};

type Agent = { socketPath: string; log: () => string; folder: string };

async function held(t: ExecutionContext, module: string, ...args: string[]): Promise<Omit<Agent, 'folder'>> {
  const folder = await tempDir(t);
  const [socketPath, logFile] = [join(folder, 'a.sock'), join(folder, 'log')];
  writeFileSync(logFile, '');
  const command = [process.execPath, ENTRY, 'run', module, '--log-level', 'warn', '--threads', '1', ...args] as const;
  const activator = await createActivator({ socketPath, command: [...command], logFile });
  t.teardown(() => activator.close());
  return { socketPath, log: () => readFileSync(logFile, 'utf8') };
}

async function agent(t: ExecutionContext, ...args: string[]): Promise<Agent> {
  const folder = await tempDir(t);
  const module = join(folder, 'calc.agent.mjs');
  writeFileSync(module, MODULE);
  writeFileSync(join(folder, DESCRIPTION_FILE), descriptionText(DESCRIPTION));
  writeFileSync(checksPath(folder), checksCode(DESCRIPTION), { mode: 0o644 });
  return { ...(await held(t, module, ...args)), folder };
}

async function clientOf(t: ExecutionContext, { socketPath }: Agent): Promise<Awaited<ReturnType<typeof connectRpc>>> {
  const client = await connectRpc(socketPath);
  t.teardown(client.close);
  return client;
}

const invalid = { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' };

test('arguments of other types are refused before the method is called, with the place and what was expected', async (t) => {
  const client = await clientOf(t, await agent(t));
  t.is(await client.call('add', [1, 2]), 3);
  t.is(await client.call('add', [1]), 1);
  const wrong = (await t.throwsAsync(client.call('add', [1, 'x']), invalid)) as LaunchpoolError;
  t.is(wrong.message, 'argument "b" of add: expected a number or null, found "x"');
  t.is(wrong.hint, 'It is add(a: number, b?: number): number.');
  t.deepEqual(wrong.data, { parameter: 'b', pointer: '/1', expected: 'a number or null', found: '"x"' });
  const missing = (await t.throwsAsync(client.call('add', []), invalid)) as LaunchpoolError;
  t.is(missing.message, 'argument "a" of add: expected a number, found nothing');
  const nested = (await t.throwsAsync(client.call('greet', [{ name: 5 }]), invalid)) as LaunchpoolError;
  t.is(nested.message, 'argument "user" of greet at /0/name: expected text, found 5');
  t.is(await client.call('greet', [{ name: 'you', more: true }]), 'Hello you');
  t.is(await client.call('count', []), 3);
});

test('the pointer leads into the params as they were sent: an array, an object, a batch, MessagePack', async (t) => {
  const running = await agent(t);
  const client = await dial(t, running.socketPath);
  const request = (id: number, method: string, params: unknown): object => ({ jsonrpc: '2.0', id, method, params });
  client.socket.write(encodeTextFrame(JSON.stringify(request(1, 'greet', { name: null }))));
  await client.until(1);
  client.socket.write(encodeTextFrame(JSON.stringify([request(2, 'add', ['x']), request(3, 'add', [1])])));
  await client.until(2);
  client.socket.write(encodeTextFrame(JSON.stringify(request(4, 'add', { a: 1, b: 2 }))));
  await client.until(3);
  client.socket.write(encodeFrame(packr.pack(request(5, 'greet', [{ name: 7 }]))));
  await client.until(4);
  const [byName, batch, whole, packed] = client.frames as [Buffer, Buffer, Buffer, Buffer];
  const { error } = JSON.parse(String(byName));
  t.is(error.code, -32602);
  t.like(error.data.data, { pointer: '/name', found: 'null' });
  const [first, second] = JSON.parse(String(batch));
  t.like(first.error.data.data, { pointer: '/0', parameter: 'a' });
  t.is(second.result, 1);
  const all = JSON.parse(String(whole)).error.data;
  t.is(all.data.pointer, '');
  t.regex(all.hint, /^Params that are an object are the first argument/);
  t.like((packr.unpack(packed) as { error: { data: object } }).error.data, {
    data: { pointer: '/0/name', found: '7' },
  });
});

test('a notification with wrong arguments is a line in the log', async (t) => {
  const running = await agent(t);
  const client = await clientOf(t, running);
  client.notify('add', ['x']);
  t.is(await client.call('count', []), 0);
  await until(() => running.log().includes('notification-refused'));
  t.regex(running.log(), /"method":"add".*"pointer":"\/0".*"expected":"a number"/);
});

test('a stream in the place of a parameter passes, and what is none does not', async (t) => {
  const client = await clientOf(t, await agent(t));
  async function* numbers(): AsyncGenerator<number> {
    yield 1;
    yield 2;
  }
  t.is(await client.call('sum', [numbers()]), 3);
  await t.throwsAsync(client.call('sum', [[1, 2]]), invalid);
});

test('a date is text in JSON, and a Date in MessagePack', async (t) => {
  const running = await agent(t);
  const client = await clientOf(t, running);
  t.is(await client.call('when', ['2026-01-31T12:00:00Z']), '[object String]');
  const error = (await t.throwsAsync(client.call('when', ['soon']), invalid)) as LaunchpoolError;
  t.regex(error.message, /expected text that is a date and time .* found "soon"$/);
  const raw = await dial(t, running.socketPath);
  raw.socket.write(encodeFrame(packr.pack({ jsonrpc: '2.0', id: 1, method: 'when', params: [new Date()] })));
  await raw.until(1);
  t.like(packr.unpack(raw.frames[0] as Buffer), { result: '[object Date]' });
});

test('what is nested too deeply to be checked is refused, and the thread goes on', async (t) => {
  const running = await agent(t);
  const client = await dial(t, running.socketPath);
  const deep = `${'{"next":'.repeat(100_000)}null${'}'.repeat(100_000)}`;
  client.socket.write(encodeTextFrame(`{"jsonrpc":"2.0","id":1,"method":"deep","params":[${deep}]}`));
  await client.until(1);
  const { error } = JSON.parse(String(client.frames[0]));
  t.is(error.code, -32602);
  t.regex(error.message, /^the arguments of deep cannot be checked/);
  t.regex(error.data.hint, /--validate off/);
  t.is(await (await clientOf(t, running)).call('add', [1, 2]), 3);
});

test('--validate warn calls the method, and logs what is wrong once a second', async (t) => {
  const running = await agent(t, '--validate', 'warn');
  const client = await clientOf(t, running);
  t.is(await client.call('add', ['a', 'b']), 'ab');
  t.is(await client.call('add', ['a', 'c']), 'ac');
  await until(() => running.log().includes('arguments-invalid'));
  t.regex(running.log(), /"method":"add".*"parameter":"a".*"found":"\\"a\\""/);
});

test('--validate off does not look', async (t) => {
  const running = await agent(t, '--validate', 'off');
  t.is(await (await clientOf(t, running)).call('add', ['a', 'b']), 'ab');
  t.is(running.log().includes('arguments-invalid'), false);
});

test('under dev, checks count as soon as they are written', async (t) => {
  const folder = await tempDir(t);
  const module = join(folder, 'calc.agent.mjs');
  writeFileSync(module, MODULE);
  const { socketPath, log } = await held(t, module, '--development');
  const client = await connectRpc(socketPath);
  t.teardown(client.close);
  t.is(await client.call('add', ['a', 'b']), 'ab');
  writeFileSync(join(folder, DESCRIPTION_FILE), descriptionText(DESCRIPTION));
  writeFileSync(checksPath(folder), checksCode(DESCRIPTION), { mode: 0o644 });
  await until(async () => {
    const error = await client.call('add', ['a', 'b']).then(
      () => undefined,
      (thrown: LaunchpoolError) => thrown,
    );
    return error?.code === 'ERR_LAUNCHPOOL_PARAMS_INVALID';
  });
  client.notify('add', ['x']);
  await until(() => log().includes('argument "a" of add: expected a number, found "x"'));
});

test('checks that others could have written are not run', async (t) => {
  const folder = await tempDir(t);
  const module = join(folder, 'calc.agent.mjs');
  writeFileSync(module, MODULE);
  writeFileSync(checksPath(folder), checksCode(DESCRIPTION));
  chmodSync(checksPath(folder), 0o666);
  const { socketPath } = await holdAgent(t, module);
  const client = await connectRpc(socketPath);
  t.teardown(client.close);
  t.is(await client.call('add', ['a', 'b']), 'ab');
});

test('checks that cannot be read are a line in the log, and the agent goes on without', async (t) => {
  const folder = await tempDir(t);
  const module = join(folder, 'calc.agent.mjs');
  writeFileSync(module, MODULE);
  writeFileSync(checksPath(folder), 'exports.format = ;', { mode: 0o644 });
  const { socketPath, log } = await held(t, module);
  const client = await connectRpc(socketPath);
  t.teardown(client.close);
  t.is(await client.call('add', ['a', 'b']), 'ab');
  await until(() => log().includes('checks-not-read'));
});
