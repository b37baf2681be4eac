/** `launchpool doctor` as a program: its output and exit status. */
import { chmodSync, rmSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { CommandResult } from '../../../job/run-command.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { type Finished, runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { onSystemd, type SystemdBench, stateIs } from '../install/doctor/bench.ts';

type Shell = (...args: string[]) => Promise<Finished>;

/** A shell with a home without installed agents, and with a script in place of systemctl. */
async function shellIn(t: ExecutionContext, systemctl: string): Promise<Shell | undefined> {
  if (process.platform !== 'linux') {
    notTested(t, 'systemctl can be replaced by a script only on Linux');
    return undefined;
  }
  const folder = await tempDir(t);
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const [name, script] of [
    ['systemctl', systemctl],
    ['loginctl', 'echo yes'],
  ] as const) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const env = { HOME: folder, XDG_RUNTIME_DIR: folder, PATH: `${bin}:/usr/bin:/bin` };
  return (...args) => runProgram([process.execPath, ENTRY, 'doctor', ...args], { env });
}

test('without installed agents, no problem is found', async (t) => {
  const doctor = await shellIn(t, 'exit 0');
  if (doctor === undefined) return;
  t.like(await doctor(), { status: 0, stdout: Buffer.from('No problems found.\n'), stderr: '' });
  t.like(await doctor('--fix', '--json'), { status: 0, stdout: Buffer.from('{"result":[]}\n'), stderr: '' });
});

test('an unreachable user manager is a problem that --fix does not fix', async (t) => {
  const doctor = await shellIn(t, 'echo "Failed to connect to bus: No medium found" >&2; exit 1');
  if (doctor === undefined) return;
  const { status, stdout } = await doctor('--fix');
  t.is(status, 1);
  t.regex(stdout.toString(), /^✖ problem {2}.*No medium found \[supervisor-unreachable\]\n {4}\S.*\n$/);
  const json = await doctor('--json');
  t.is(json.status, 1);
  const { result } = JSON.parse(json.stdout.toString());
  t.like(result, [{ id: 'supervisor-unreachable', severity: 'problem', canFix: false }]);
});

test('a label without an installed agent is an error', async (t) => {
  const doctor = await shellIn(t, 'exit 0');
  if (doctor === undefined) return;
  const { status, stdout, stderr } = await doctor('com.example.nothing');
  t.deepEqual([status, stdout.toString()], [66, '']);
  t.regex(stderr, /no agent is installed as com\.example\.nothing/);
  const json = await doctor('com.example.nothing', '--json');
  t.is(json.status, 66);
  t.is(JSON.parse(json.stdout.toString()).error.code, 'ERR_LAUNCHPOOL_NOT_INSTALLED');
  t.is((await doctor('a', 'b')).status, 64);
});

const onSession = onSystemd();

function shellOf({ session }: SystemdBench): (...args: string[]) => Promise<CommandResult> {
  return (...args) => session.run([process.execPath, ENTRY, 'doctor', ...args]);
}

onSession('a problem is reported until it is fixed', async (t, bench) => {
  const doctor = shellOf(bench);
  await bench.install();
  t.like(await doctor(), { status: 0, stdout: 'No problems found.' });
  chmodSync(bench.layout.sockets.agent, 0o666);
  const found = await doctor(bench.label);
  t.is(found.status, 1);
  t.regex(
    found.stdout,
    /^✖ problem {2}com\.example\S+: \/run\S+ has mode 0666, .* \[mode-too-wide\]\n {4}Run `launchpool doctor --fix`/,
  );
  const json = await doctor('--json');
  t.is(json.status, 1);
  t.like(JSON.parse(json.stdout).result, [{ id: 'mode-too-wide', label: bench.label, canFix: true }]);
  const fixed = await doctor(bench.label, '--fix');
  t.is(fixed.status, 0);
  t.regex(fixed.stdout, /^✔ fixed {2}com\.example\S+: .* \[mode-too-wide\]$/);
  t.like(await doctor('--json'), { status: 0, stdout: '{"result":[]}' });
});

onSession('a problem that cannot be fixed is reported with the reason or a hint', async (t, bench) => {
  const doctor = shellOf(bench);
  await bench.install();
  rmSync(join(bench.layout.current, 'launchpool.cjs'));
  await writeFile(bench.module, 'export const = 1;');
  const failed = await doctor('--fix');
  t.is(failed.status, 1);
  t.regex(failed.stdout, /^✖ problem .* \[program-gone\]\n {4}the fix failed: /);
  rmSync(bench.module);
  const unfixed = await doctor('--fix');
  t.is(unfixed.status, 1);
  t.regex(unfixed.stdout, /^✖ problem .* \[program-gone\]\n {4}The module is missing too: /);
});

onSession('a notice is not a problem', async (t, bench) => {
  const doctor = shellOf(bench);
  await bench.install();
  await bench.crash();
  await stateIs(bench, 'failed');
  const { status, stdout } = await doctor('--fix');
  t.is(status, 0);
  t.regex(stdout, /^· notice {2}com\.example\S+: the last process ended .* \[crashed\]\n {4}See `launchpool logs`\.$/);
});
