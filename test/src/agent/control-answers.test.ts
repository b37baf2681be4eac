/** The control methods of a real agent, idle or busy. */
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type AnswerSources, createAnswers } from '../../../src/agent/control-answers.ts';
import type { AgentStatus } from '../../../src/agent/status.ts';
import { type Agent, connect } from '../../../src/client/index.ts';
import { connectRpc, type RpcClient } from '../../../src/client/rpc.ts';
import { createLog } from '../../../src/log.ts';
import { isAlive } from '../../helpers/activator.ts';
import { fixture, holdAgent, type TestAgent } from '../../helpers/agent.ts';
import { serveControl, statusOf } from '../../helpers/control-server.ts';
import { heldCall } from '../../helpers/held-call.ts';

type Module = { add(a: number, b: number): number; burn(ms: number): number };

const RELOADED = { module: '/b.ts', kind: 'rpc', methods: ['add'] } as const;

async function controlClient(t: ExecutionContext, controlPath: string): Promise<RpcClient> {
  const client = await connectRpc(controlPath, { activationMs: 0 });
  t.teardown(client.close);
  return client;
}

type Running = { held: TestAgent; agent: Agent<Module>; control: RpcClient };

async function running(t: ExecutionContext, flags: readonly string[] = []): Promise<Running> {
  const held: TestAgent = await holdAgent(t, fixture('agents/misbehaving.ts'), flags);
  const agent = await connect<Module>(held.socketPath);
  await agent.add(1, 2);
  return { held, agent, control: await controlClient(t, held.controlPath) };
}

test('status and metrics have the figures of the agent', async (t) => {
  const { control } = await running(t, ['--threads', '1', '--idle', '0']);
  const status = (await control.call('status', [])) as AgentStatus;
  t.like(status, {
    state: 'running',
    kind: 'rpc',
    hash: null,
    leavesInMs: null,
    connections: 1,
    requests: 0,
    threads: 1,
    restarts: 0,
  });
  t.is(status.counters.done, 1);
  t.is(status.latencyMs.count, 1);
  t.true(status.latencyMs.max > 0);
  t.is(status.utilisation.length, 1);
  t.true(status.memoryBytes > status.heapBytes && status.heapBytes > 0);
  t.is(status.versions.node, process.versions.node);
  t.regex(status.versions.launchpool, /^\d+\.\d+\.\d+/);
  t.regex(String(await control.call('metrics', [])), /^launchpool_requests_total 1$/m);
});

test('the control socket answers while every thread is busy', async (t) => {
  const { agent, control } = await running(t, ['--threads', '1']);
  const spinning = agent.burn(600_000).catch(() => 'lost');
  for (;;) {
    const { requests, leavesInMs } = (await control.call('status', [])) as AgentStatus;
    if (requests === 0) continue;
    t.is(leavesInMs, null);
    break;
  }
  t.is(await control.call('ping', []), 'pong');
  t.regex(String(await control.call('metrics', [])), /^launchpool_requests_under_way 1$/m);
  const { pid } = (await control.call('status', [])) as AgentStatus;
  process.kill(pid, 'SIGKILL');
  t.is(await spinning, 'lost');
});

test('drain is answered; the agent completes its open requests, still answers on the control socket, and exits', async (t) => {
  const held = await holdAgent(t, fixture('agents/supervised.ts'), ['--idle', '0']);
  const agent = await connect<typeof import('../../fixtures/agents/supervised.ts')>(held.socketPath);
  const call = await heldCall(t);
  const reply = agent.hold(call.path);
  await call.running;
  const control = await controlClient(t, held.controlPath);
  const { pid } = (await control.call('drain', [])) as { pid: number };
  t.like(await control.call('status', []), { pid, state: 'leaving', leavesInMs: 0 });
  t.is(await (await controlClient(t, held.controlPath)).call('ping', []), 'pong');
  call.release();
  t.is(await reply, pid);
  await held.event('left');
  t.false(isAlive(pid));
});

test('control connections do not keep an idle agent running', async (t) => {
  const { held, control } = await running(t, ['--idle', '0.2']);
  const idler = connectSocket(held.controlPath);
  t.teardown(() => idler.destroy());
  await once(idler, 'connect');
  while (!control.closed) await control.call('ping', []).catch(() => undefined);
  await held.event('left');
  t.pass();
});

test('methods without params refuse params, and logLevel refuses unknown levels', async (t) => {
  const log = createLog({ level: 'warn', pretty: false });
  const { controlPath } = await serveControl(
    t,
    createAnswers({
      status: () => statusOf(),
      loaded: async () => undefined,
      shutDown: () => t.fail(),
      reload: () => t.fail() as never,
      log,
    }),
  );
  const control = await controlClient(t, controlPath);
  const invalid = { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' };
  for (const method of ['ping', 'status', 'ready', 'metrics', 'drain', 'reload']) {
    await t.throwsAsync(control.call(method, [1]), { ...invalid, message: `${method} takes no params` });
  }
  for (const params of [['loud'], ['info', 'debug'], [30], [{ level: 'info' }]]) {
    await t.throwsAsync(control.call('logLevel', params), {
      ...invalid,
      message: /^logLevel takes one of trace, debug/,
    });
  }
  t.is(await control.call('logLevel', []), 'warn');
  t.is(await control.call('logLevel', ['debug']), 'debug');
  t.is(await control.call('logLevel', []), 'debug');
  t.is(log.level, 'debug');
});

test('reload is answered after the reload, with its result or its error', async (t) => {
  const log = createLog({ level: 'warn', pretty: false });
  const sources = { status: () => statusOf(), loaded: async () => undefined, shutDown: () => undefined, log };
  const controlOf = async (reload: AnswerSources['reload']): Promise<RpcClient> =>
    controlClient(t, (await serveControl(t, createAnswers({ ...sources, reload }))).controlPath);
  t.deepEqual(await (await controlOf(async () => RELOADED)).call('reload', []), RELOADED);
  await t.throwsAsync((await controlOf(() => Promise.reject(new Error('failed')))).call('reload', []), {
    message: 'failed',
  });
});
