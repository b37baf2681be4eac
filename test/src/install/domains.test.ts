/** An agent in both launchd domains of a user, or in the one where it is not loaded again: what each command does. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { doctor } from '../../../src/install/doctor/doctor.ts';
import type { Finding } from '../../../src/install/doctor/finding.ts';
import { type Installed, install } from '../../../src/install/install.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { lastingNode } from '../../helpers/lasting-node.ts';
import { createLaunchdDouble, type LaunchdDouble } from '../../helpers/launchd/double.ts';
import { declareWith } from '../../helpers/not-tested.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/built-runtime.ts';

const it = declareWith(test);
const LABEL = 'com.example.domains';

type Mac = {
  launchd: LaunchdDouble;
  install(): Promise<Installed>;
  /** The ids of the findings about the agent. */
  findings(fix?: boolean): Promise<Finding[]>;
  uninstall(): Promise<string>;
  /** In which domains the label is loaded. */
  domains(): Promise<string[]>;
};

/** A Mac to which the user is connected by ssh, without a login at its screen. */
async function createMac(t: ExecutionContext): Promise<Mac> {
  t.timeout(120_000);
  const folder = await tempDir(t);
  const home = join(folder, 'h');
  await mkdir(home);
  const launchd = createLaunchdDouble(t, { home, domains: ['user/501'] });
  const host = { platform: 'darwin' as const, home, uid: 501, env: {}, run: launchd.run };
  const module = join(folder, 'agent.ts');
  await writeFile(module, 'export const one = (): number => 1;');
  return {
    launchd,
    install: () => install({ module, label: LABEL, node: lastingNode(), host }),
    findings: async (fix = false) => (await doctor({ label: LABEL, host, fix })).filter(({ label }) => label === LABEL),
    uninstall: async () => (await uninstall({ label: LABEL, host })).outcome,
    async domains() {
      const all = ['gui/501', 'user/501'];
      const results = await Promise.all(
        all.map((each) => launchd.run(['/bin/launchctl', 'print', `${each}/${LABEL}`])),
      );
      return all.filter((_, index) => results[index]?.status === 0);
    },
  };
}

it('without a login at the screen, install and doctor say that a restart ends the agent', async (t) => {
  const mac = await createMac(t);
  const { notes } = await mac.install();
  t.true(notes.some((note) => /after a restart, macOS does not load it again/.test(note)));
  t.like(await mac.findings(), [{ id: 'not-after-restart', severity: 'notice' }]);
  t.is((await mac.install()).outcome, 'unchanged');
});

it('doctor finds a label that is loaded twice, and --fix leaves one', async (t) => {
  const mac = await createMac(t);
  await mac.install();
  await mac.launchd.logIn();
  t.like(await mac.findings(), [{ id: 'loaded-twice', severity: 'problem', canFix: true }]);
  t.like(await mac.findings(true), [{ id: 'loaded-twice', fixed: true }]);
  t.deepEqual(await mac.domains(), ['gui/501']);
  t.deepEqual(await mac.findings(), []);
});

it('the next install at the screen leaves one, and says nothing any more', async (t) => {
  const mac = await createMac(t);
  await mac.install();
  await mac.launchd.logIn();
  const { notes } = await mac.install();
  t.deepEqual(await mac.domains(), ['gui/501']);
  t.deepEqual(
    notes.filter((note) => /restart|twice/.test(note)),
    [],
  );
  t.is((await mac.install()).outcome, 'unchanged');
});

it('uninstall removes the agent from both domains', async (t) => {
  const mac = await createMac(t);
  await mac.install();
  await mac.launchd.logIn();
  t.deepEqual(await mac.domains(), ['gui/501', 'user/501']);
  t.is(await mac.uninstall(), 'uninstalled');
  t.deepEqual(await mac.domains(), []);
  t.is(await mac.uninstall(), 'not-installed');
});

it('after a restart without a login at the screen, doctor loads the agent', async (t) => {
  const mac = await createMac(t);
  await mac.install();
  await mac.launchd.restart(['user/501']);
  t.is((await mac.findings())[0]?.id, 'blocked');
  t.true((await mac.findings(true)).some(({ id, fixed }) => id === 'blocked' && fixed === true));
  t.deepEqual(await mac.domains(), ['user/501']);
});
