/** `launchpool metrics`, `log-level` and `reload` as programs: their output and exit status. */
import test from 'ava';
import { connect } from '../../../src/client/index.ts';
import { ENTRY, fixture, holdAgent } from '../../helpers/agent.ts';
import { serveControl } from '../../helpers/control-server.ts';
import { type Finished, runProgram } from '../../helpers/program.ts';

const launchpool = (...args: string[]): Promise<Finished> => runProgram([process.execPath, ENTRY, ...args]);

test('metrics and the log level of a running agent are printed, and the level can be changed', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/misbehaving.ts'), ['--idle', '0']);
  const agent = await connect<{ add(a: number, b: number): number }>(socketPath);
  await agent.add(1, 2);
  const metrics = await launchpool('metrics', socketPath);
  t.is(metrics.status, 0, metrics.stderr);
  t.regex(metrics.stdout.toString(), /^launchpool_info\{/m);
  t.is((await launchpool('log-level', socketPath)).stdout.toString(), 'silent\n');
  t.is((await launchpool('log-level', socketPath, 'error')).stdout.toString(), 'error\n');
  t.deepEqual(JSON.parse((await launchpool('log-level', socketPath, '--json')).stdout.toString()), { result: 'error' });
  const wrong = await launchpool('log-level', socketPath, 'loud');
  t.is(wrong.status, 64);
  t.regex(wrong.stderr, /loud: not a level\. The levels are trace, debug/);
});

test('reload ends with the answer of the agent', async (t) => {
  let reloads = 0;
  const good = await serveControl(t, {
    ping: () => 'pong',
    reload() {
      reloads += 1;
      return null;
    },
  });
  const done = await launchpool('reload', good.socketPath);
  t.is(done.status, 0, done.stderr);
  t.is(done.stdout.toString(), `${good.socketPath}: the module is reloaded\n`);
  t.is(reloads, 1);
  const bad = await serveControl(t, {
    ping: () => 'pong',
    reload: () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ERR_LAUNCHPOOL_RELOAD_FAILED' })),
  });
  const failed = await launchpool('reload', bad.socketPath, '--json');
  t.is(failed.status, 1);
  t.like(JSON.parse(failed.stdout.toString()).error, { code: 'ERR_LAUNCHPOOL_RELOAD_FAILED', message: 'no such file' });
});

test('an agent without a process is not started, and the exit status says so', async (t) => {
  const held = await holdAgent(t, fixture('agents/misbehaving.ts'));
  for (const verb of ['metrics', 'log-level', 'reload']) {
    const { status, stderr } = await launchpool(verb, held.socketPath);
    t.is(status, 69);
    t.regex(stderr, /has no process, and a control call does not start one \(ERR_LAUNCHPOOL_CONNECT_FAILED\)/);
  }
  t.false(held.events.some(({ event }) => event === 'started'));
  t.is((await launchpool('metrics', `${held.socketPath}.not.there`)).status, 69);
  t.is((await launchpool('metrics', 'com.example.not-installed')).status, 66);
  t.is((await launchpool('metrics')).status, 64);
});
