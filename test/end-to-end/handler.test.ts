/** `launchpool/handler` in a running agent: what a handler can ask, and what it can tell. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { connect, type ProgressReport, withOptions } from '../../src/client/index.ts';
import { createActivator } from '../../src/holder/activator.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Asking = typeof import('../fixtures/agents/asking.ts');
const AGENT = fixture('agents/asking.ts');
const socketPath = sharedAgent(AGENT, () => ['--threads', '1']);
const ME = { uid: process.geteuid?.() as number, pid: process.pid };

test('a handler knows its request before and after an await, and in a timer', async (t) => {
  const client = await dial(t, await socketPath());
  const request = (id: string, ms: number): Buffer =>
    encodeTextFrame(`{"jsonrpc":"2.0","id":${id},"method":"asked","params":[${ms}],"timeoutMs":60000}`);
  const before = Date.now();
  client.socket.write(Buffer.concat([request('7', 30), request('"x"', 1), request('null', 10)]));
  const replies = (await client.until(3)).map((text) => JSON.parse(text));
  for (const id of [7, 'x', null]) {
    const { result } = replies.find((reply) => reply.id === id);
    for (const facts of result) {
      t.like(facts, { id, peer: ME, aborted: false });
      t.true(facts.deadline > before + 59_000 && facts.deadline < Date.now() + 60_001);
    }
  }
});

test('a request of more than 48 KiB knows the same', async (t) => {
  const client = await dial(t, await socketPath());
  const request = { jsonrpc: '2.0', id: 1, method: 'askedAtOnce', params: ['x'.repeat(100_000)], timeoutMs: 60_000 };
  const before = Date.now();
  client.socket.write(encodeTextFrame(JSON.stringify(request)));
  const [reply] = (await client.until(1)).map((text) => JSON.parse(text));
  t.like(reply.result, { id: 1, peer: ME });
  t.true(reply.result.deadline > before + 59_000 && reply.result.deadline < Date.now() + 60_001);
});

test('each request of a batch knows itself; without a timeout, there is no deadline', async (t) => {
  const client = await dial(t, await socketPath());
  const calls = [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'asked', params: [1] }));
  client.socket.write(encodeTextFrame(JSON.stringify(calls)));
  const [replies] = (await client.until(1)).map((text) => JSON.parse(text));
  for (const { id, result } of replies) {
    for (const facts of result) {
      t.is(facts.id, id);
      t.false('deadline' in facts);
    }
  }
});

test('a request with a parameter that is a stream knows the same', async (t) => {
  await using agent = await connect<Asking>(await socketPath());
  async function* values(): AsyncGenerator<number> {
    yield 1;
  }
  const before = Date.now();
  const found = await withOptions(agent, { timeoutMs: 60_000 }).askedWithStream(values());
  t.like(found, { peer: ME, aborted: false });
  t.true((found.deadline as number) > before + 59_000);
});

test('a generator knows its request', async (t) => {
  await using agent = await connect<Asking>(await socketPath());
  const ids: unknown[] = [];
  for await (const id of agent.askedInStream()) ids.push(id);
  t.is(ids.length, 2);
  t.is(ids[0], ids[1]);
});

test('a signal that is asked for after an await fires', async (t) => {
  await using agent = await connect<Asking>(await socketPath());
  const error = await t.throwsAsync(withOptions(agent, { timeoutMs: 100 }).heedsLate());
  // The client has a timer of its own, which fires first on a machine that is busy.
  t.regex(String((error as { code?: string }).code), /_TIMEOUT$/);
  t.like(await agent.askedAtOnce(), { aborted: false });
});

test('a timer of a handler goes on after the reply', async (t) => {
  await using agent = await connect<Asking>(await socketPath());
  t.is(await agent.repliesFirst(), 'replied');
  await until(async () => (await agent.whatCameAfter()) !== null);
  const [id, aborted] = (await agent.whatCameAfter()) as unknown[];
  t.is(typeof id, 'number');
  t.false(aborted);
});

test('progress comes to a caller that asks for it, the last report always, and none after the response', async (t) => {
  const path = await socketPath();
  const client = await dial(t, path);
  const params = [1000];
  client.socket.write(
    encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'counts', params, progress: true })),
  );
  await until(() => client.frames.some((frame) => 'result' in JSON.parse(String(frame))));
  const messages = client.frames.map((frame) => JSON.parse(String(frame)));
  t.deepEqual(messages[0], {
    jsonrpc: '2.0',
    method: '$/progress',
    params: { id: 1, done: 1, total: 1000, text: 'step 1' },
  });
  t.deepEqual(messages.at(-2).params, { id: 1, done: 1000, total: 1000, text: 'step 1000' });
  t.is(messages.at(-1).result, 1000);
  t.true(messages.length < 100);
  const silent = await dial(t, path);
  silent.socket.write(encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'counts', params: [3] })));
  t.deepEqual(await silent.until(1), ['{"jsonrpc":"2.0","id":1,"result":3}']);
});

test('progress of a handler that blocks its thread is on its way at once', async (t) => {
  await using agent = await connect<Asking>(await socketPath());
  const gate = join(await tempDir(t), 'gate');
  const reports: ProgressReport[] = [];
  const onProgress = (report: ProgressReport): void => {
    reports.push(report);
  };
  const call = withOptions(agent, { onProgress }).blocks(gate);
  await until(() => reports.length > 0);
  t.deepEqual(reports, [{ done: 1, total: 2, text: 'waits' }]);
  writeFileSync(gate, '');
  t.is(await call, 'done');
  t.deepEqual(reports.at(-1), { done: 2, total: 2, text: undefined });
  await withOptions(agent, { onProgress }).countsLate(5);
  t.deepEqual(reports.at(-1), { done: 5, total: undefined, text: undefined });
});

test('progress without a number is an error of the handler', async (t) => {
  await using agent = await connect<Asking>(await socketPath());
  await t.notThrowsAsync(agent.misreports());
  const error = await t.throwsAsync(withOptions(agent, { onProgress: () => undefined }).misreports());
  t.like(error, { name: 'TypeError' });
});

test('lines of a handler are in the log, with the id and the method', async (t) => {
  const folder = await tempDir(t);
  const [path, logFile] = [join(folder, 'a.sock'), join(folder, 'log')];
  const command = [process.execPath, ENTRY, 'run', AGENT, '--log-level', 'debug'] as const;
  const activator = await createActivator({ socketPath: path, command: [...command], logFile });
  t.teardown(() => activator.close());
  await using agent = await connect<Asking>(path);
  await agent.logs();
  const lines = (): Record<string, unknown>[] =>
    readFileSync(logFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"method":"logs"'))
      .map((line) => JSON.parse(line));
  await until(() => lines().length >= 3);
  const [hello, fields, broken] = lines();
  t.like(hello, { level: 30, msg: 'hello log', method: 'logs' });
  t.like(fields, { level: 40, msg: 'fields', answer: 42, big: '[BigInt: 2]' });
  t.like(broken, { level: 50, msg: 'broken', err: { name: 'RangeError', message: 'broken' } });
  t.is(lines().length, 3);

  await agent.logsMuch(100_000);
  // Lines that the agent could not take are counted in a later one.
  await until(async () => {
    await agent.logs();
    const text = readFileSync(logFile, 'utf8');
    const written = text.match(/"msg":"line \d+"/g)?.length ?? 0;
    const dropped = [...text.matchAll(/"dropped":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    return written + dropped >= 100_000;
  });
});
