/** The verbs as programs: what they print and their exit status, for a stopped agent, for versions, and for all agents. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { sourceStates } from '../../../src/installed/changed-sources.ts';
import { hostOf } from '../../../src/installed/host.ts';
import type { Layout } from '../../../src/installed/layout.ts';
import { unitNamesOf } from '../../../systemd/paths.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { recordInstalled } from '../../helpers/install-record.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { type Finished, runProgram } from '../../helpers/program.ts';
import { createSystemctlStub } from '../../helpers/systemctl-stub.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const LABEL = 'com.example.stopped';

type Machine = { layout: Layout; module: string; launchpool(...args: string[]): Promise<Finished> };

/** A machine with an agent that is recorded as installed, and whose sockets are not held. */
async function createMachine(t: ExecutionContext): Promise<Machine | undefined> {
  if (process.platform !== 'linux' || process.env.MAC_LIKE_NODE_OPTIONS !== undefined) {
    notTested(t, 'systemd is asked on Linux only');
    return undefined;
  }
  const folder = await tempDir(t);
  const [home, runtime] = [join(folder, 'h'), join(folder, 'r')];
  for (const made of [home, runtime]) await mkdir(made);
  const systemctl = createSystemctlStub(join(folder, 'bin'), [LABEL]);
  const { socket, control } = unitNamesOf(LABEL);
  for (const unit of [socket, control]) systemctl.set(unit, { ActiveState: 'inactive', SubState: 'dead' });
  const env = { PATH: `${systemctl.folder}:${process.env.PATH}`, HOME: home, XDG_RUNTIME_DIR: runtime };
  const module = join(folder, 'agent.ts');
  await writeFile(module, 'export const one = (): number => 1;');
  const layout = recordInstalled(LABEL, hostOf({ home, env, platform: 'linux' }), () => ({
    module,
    sources: sourceStates([module]),
    installedAt: '2026-11-30T09:00:00.123Z',
  }));
  return { layout, module, launchpool: (...args) => runProgram([process.execPath, ENTRY, ...args], { env }) };
}

test('for a stopped agent, every verb says that it is stopped', async (t) => {
  const machine = await createMachine(t);
  if (machine === undefined) return;
  const { layout, launchpool } = machine;
  t.regex((await launchpool('status', LABEL)).stdout.toString(), /^\S+ +disabled/);
  await writeFile(layout.stopped, '');
  const status = await launchpool('status', LABEL);
  t.is(status.status, 69);
  t.regex(
    status.stdout.toString(),
    /^com\.example\.stopped +stopped · not listening · no process · until launchpool start com\.example\.stopped$/m,
  );
  t.like(JSON.parse((await launchpool('status', LABEL, '--json')).stdout.toString()).result, { state: 'stopped' });
  t.regex((await launchpool('list')).stdout.toString(), /stopped · not listening/);
  t.regex((await launchpool('top', '--once')).stdout.toString(), /com\.example\.stopped +stopped/);
  // At once, and not after the second for which an agent that is being installed is waited for.
  for (const args of [
    ['call', LABEL, 'one'],
    ['call', layout.sockets.agent, 'one'],
    ['reload', LABEL],
    ['metrics', LABEL],
    ['restart', LABEL],
  ]) {
    const ran = await launchpool(...args);
    t.is(ran.status, 69, args.join(' '));
    t.is(
      ran.stderr,
      `launchpool: ${LABEL} is stopped: launchpool start ${LABEL} (ERR_LAUNCHPOOL_STOPPED)\n`,
      args.join(' '),
    );
  }
  const { error } = JSON.parse((await launchpool('call', LABEL, 'one', '--json')).stdout.toString());
  t.like(error, { code: 'ERR_LAUNCHPOOL_STOPPED' });
});

test('stop, start, rollback and versions name the label of no agent, and what is missing', async (t) => {
  const machine = await createMachine(t);
  if (machine === undefined) return;
  const { launchpool } = machine;
  for (const verb of ['stop', 'start', 'rollback', 'versions']) {
    const unknown = await launchpool(verb, 'com.example.no');
    t.is(unknown.status, 66, verb);
    t.regex(unknown.stderr, /no agent is installed as com\.example\.no \(ERR_LAUNCHPOOL_NOT_INSTALLED\)/);
    const { error } = JSON.parse((await launchpool(verb, 'com.example.no', '--json')).stdout.toString());
    t.like(error, { code: 'ERR_LAUNCHPOOL_NOT_INSTALLED' });
    t.is((await launchpool(verb)).status, 64, verb);
  }
  const rollback = await launchpool('rollback', LABEL);
  t.is(rollback.status, 66);
  t.regex(rollback.stderr, /no earlier version of com\.example\.stopped is kept \(ERR_LAUNCHPOOL_VERSION_NOT_KEPT\)/);
});

test('versions are lines, and objects', async (t) => {
  const machine = await createMachine(t);
  if (machine === undefined) return;
  const { launchpool, module } = machine;
  const { version } = process;
  t.is(
    (await launchpool('versions', LABEL)).stdout.toString(),
    `* abc  2026-11-30T09:00:00Z  ${module}  (launchpool 0.0.0, Node ${version})\n`,
  );
  t.deepEqual(JSON.parse((await launchpool('versions', LABEL, '--json')).stdout.toString()).result, [
    {
      id: 'abc',
      isCurrent: true,
      installedAt: '2026-11-30T09:00:00.123Z',
      module,
      launchpool: '0.0.0',
      node: { path: process.execPath, version },
    },
  ]);
});

test('upgrade takes a label or --all; a module that is missing is no failure, and a broken one is', async (t) => {
  const machine = await createMachine(t);
  if (machine === undefined) return;
  const { launchpool, module } = machine;
  for (const [args, text] of [
    [['upgrade'], /the label is missing: LABEL, or --all/],
    [['upgrade', LABEL, '--all'], /give one of them/],
    [['upgrade', '--all', '--keep', '0'], /--keep 0: not a whole number/],
  ] as const) {
    const ran = await launchpool(...args);
    t.is(ran.status, 64, args.join(' '));
    t.regex(ran.stderr, text);
  }
  const all = async (): Promise<[number | null, string]> => {
    const { status, stdout } = await launchpool('upgrade', '--all');
    return [status, stdout.toString()];
  };
  t.deepEqual(await all(), [0, `${LABEL}: unchanged\n1 unchanged\n`]);
  await writeFile(module, 'export const = 1;');
  const [status, printed] = await all();
  t.is(status, 66);
  t.regex(
    printed,
    /^com\.example\.stopped: failed, and is as before: .*ERR_LAUNCHPOOL_MODULE_NOT_LOADED.*\n1 failed\n$/s,
  );
  const json = await launchpool('upgrade', '--all', '--json');
  t.is(json.status, 66);
  t.like(JSON.parse(json.stdout.toString()).result[0], { label: LABEL, outcome: 'failed', module });
  await rm(module);
  t.deepEqual(await all(), [0, `${LABEL}: left alone: its module is missing, ${module}\n1 left alone\n`]);
});
