/** Deadlines and limits that a module gives its methods. */
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { AgentStatus } from '../../src/agent/status.ts';
import { connect, notify, withOptions } from '../../src/client/index.ts';
import { writeModuleFile } from '../../src/module/module-file.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { factsOf, importHandlers } from '../../workers/handlers.ts';
import { fixture, holdAgent, type TestAgent } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { framesOf } from '../helpers/frame-server.ts';
import { heldCall } from '../helpers/held-call.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Limited = typeof import('../fixtures/agents/limited.ts');
const AGENT = fixture('agents/limited.ts');
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

async function hold(t: ExecutionContext, ...flags: string[]): Promise<TestAgent & { file: string }> {
  const held = await holdAgent(t, AGENT, ['--threads', '4', ...flags]);
  return { ...held, file: join(await tempDir(t), 'file') };
}

/** The highest number of calls that ran at once: each writes + at its start and - at its end. */
function highestConcurrency(marks: string): number {
  let [running, highest] = [0, 0];
  for (const mark of marks) {
    running += mark === '+' ? 1 : -1;
    highest = Math.max(highest, running);
  }
  return highest;
}

test('the deadline of a method is that of a caller: the same error, and the signal of its handler fires', async (t) => {
  const { socketPath, file } = await hold(t);
  await using agent = await connect<Limited>(socketPath);
  const line = 'ERR_LAUNCHPOOL_RUN_TIMEOUT\n';
  let expired = 0;
  // On a machine that is busy, the time may be over before the request starts.
  const expire = async (): Promise<boolean> => {
    const { code } = await t.throwsAsync<LaunchpoolError>(agent.heeding(file));
    if (code === 'ERR_LAUNCHPOOL_RUN_TIMEOUT') expired += 1;
    else t.is(code, 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT');
    return expired > 0;
  };
  await until(expire);
  await until(() => textOf(file) === line);
  // A notification too, whose deadline is before that of the call behind it.
  await until(async () => {
    await notify(agent, 'heeding', file);
    await expire();
    return textOf(file).length > expired * line.length;
  });
  t.is(textOf(file).replaceAll(line, ''), '');
  t.is(await agent.free('x'), 'x');
});

test('a handler is told the shorter one of two deadlines', async (t) => {
  const { socketPath } = await hold(t);
  await using agent = await connect<Limited>(socketPath);
  const own = await agent.timed();
  t.true(own > 30_000 && own <= 60_000, String(own));
  const callers = await withOptions(agent, { timeoutMs: 20_000 }).timed();
  t.true(callers > 0 && callers <= 20_000, String(callers));
  t.is(await agent.untimed(), null as never);
});

test('no more requests run at once than the limit, over all threads, connections, batches and encodings', async (t) => {
  const { socketPath, file } = await hold(t);
  const clients = await Promise.all(
    [true, false, true].map((messagePack) => connect<Limited>(socketPath, { messagePack })),
  );
  const plain = await dial(t, socketPath);
  const call = (id: number): string => JSON.stringify({ jsonrpc: '2.0', id, method: 'counted', params: [file, 10] });
  plain.socket.write(framesOf(`[${[1, 2, 3].map(call).join(',')}]`, `[${[4, 5].map(call).join(',')}]`));
  await Promise.all(clients.flatMap((client) => Array.from({ length: 8 }, () => client.counted(file, 10))));
  await plain.until(2);
  t.is(textOf(file).length, 2 * (24 + 5));
  t.is(highestConcurrency(textOf(file)), 2);
  for (const client of clients) await client[Symbol.asyncDispose]();
});

test('requests that wait for their place hold up no other method of their connection, and count as waiting', async (t) => {
  const { socketPath, controlPath } = await hold(t);
  await using agent = await connect<Limited>(socketPath);
  await using control = await connect<{ status(): AgentStatus }>(controlPath);
  const [first, second] = [await heldCall(t), await heldCall(t)];
  const calls = [agent.one(first.path), agent.one(second.path)];
  await first.running;
  t.is(await agent.free('passes'), 'passes');
  const { requests, waiting } = await control.status();
  t.deepEqual({ requests, waiting }, { requests: 2, waiting: 1 });
  first.release();
  await second.running;
  second.release();
  await Promise.all(calls);
});

test('a place is free again when its client has disconnected and its handler has ended', async (t) => {
  const { socketPath } = await hold(t, '--cancel-grace', '0.05');
  const [first, second] = [await heldCall(t), await heldCall(t)];
  const gone = await dial(t, socketPath);
  gone.socket.write(framesOf(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'one', params: [first.path] })));
  await first.running;
  gone.socket.destroy();
  await using agent = await connect<Limited>(socketPath);
  const call = agent.one(second.path);
  first.release();
  await second.running;
  second.release();
  await t.notThrowsAsync(call);
});

test('a stream has its place until it ends', async (t) => {
  const { socketPath } = await hold(t);
  await using agent = await connect<Limited>(socketPath);
  const stream = agent.values(1_000_000_000)[Symbol.asyncIterator]();
  t.is((await stream.next()).value, 0);
  let isOther = false;
  const other = (async () => {
    for await (const _value of agent.values(1)) isOther = true;
  })();
  t.is(await agent.free('passes'), 'passes');
  t.false(isOther);
  await stream.return(undefined);
  await other;
  t.true(isOther);
});

const source = (options: string): string => `
  import { appendFileSync } from 'node:fs';
  import { setTimeout as wait } from 'node:timers/promises';
  export const options = ${options};
  export async function counted(file) {
    appendFileSync(file, '+');
    await wait(10);
    appendFileSync(file, '-');
  }`;

for (const hasFile of [true, false]) {
  test(`limits count from the first request on ${hasFile ? 'with' : 'without'} a module file, and a reload changes them`, async (t) => {
    const folder = await tempDir(t);
    const [path, file] = [join(folder, 'agent.mjs'), join(folder, 'marks')];
    await writeFile(path, source('{ counted: { concurrency: 1 } }'));
    if (hasFile) writeModuleFile(folder, 'agent.mjs', factsOf((await importHandlers(`file://${path}`)).handlers));
    const held = await holdAgent(t, path, ['--threads', '2']);
    await using agent = await connect<{ counted(file: string): void }>(held.socketPath);
    await using control = await connect<{ reload(): unknown }>(held.controlPath);
    const callAll = (): Promise<unknown> => Promise.all(Array.from({ length: 9 }, () => agent.counted(file)));
    await callAll();
    t.is(highestConcurrency(textOf(file)), 1);
    await writeFile(path, source('{ counted: { concurrency: 3 } }'));
    await control.reload();
    await writeFile(file, '');
    await callAll();
    t.is(highestConcurrency(textOf(file)), 3);
    await writeFile(path, source('{ count: {} }'));
    await t.throwsAsync(Promise.resolve(control.reload()), {
      message: /options\.count: the module has no such method/,
    });
  });
}
