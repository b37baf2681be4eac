/** Units of other programs that have a name of an agent's units, with scripted answers of systemd. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { createSystemd } from '../../systemd/supervisor.ts';
import { jobWith, LABEL } from '../helpers/jobs.ts';
import { scriptedRun } from '../helpers/scripted-run.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const NAMES = [`${LABEL}.service`, `${LABEL}.socket`, `${LABEL}-control.socket`];
const VENDOR = '/usr/lib/systemd/user/other.socket';

/** @param fragments the files from which systemd has read the units, by name; the others are not found. */
function systemdWith(home: string, fragments: Readonly<Record<string, string>>, onReload?: () => void) {
  const { run, commands } = scriptedRun((command) => {
    if (command === '--user daemon-reload') onReload?.();
    if (!command.startsWith('--user show')) return 0;
    const asked = command.split(' ').filter((name) => NAMES.includes(name));
    const textOf = (name: string): string =>
      name in fragments
        ? `Id=${name}\nLoadState=loaded\nActiveState=active\nMainPID=7\nFragmentPath=${fragments[name]}\n`
        : `Id=${name}\nLoadState=not-found\nActiveState=inactive\nMainPID=0\nFragmentPath=\n`;
    return { stdout: asked.map(textOf).join('\n') };
  });
  const changes = (): string[] => commands.filter((command) => !command.startsWith('--user show'));
  return { supervisor: createSystemd({ run, home, uid: 1000, env: {} }), changes };
}

for (const name of NAMES) {
  test(`a job whose ${name.replace(LABEL, '<label>')} is of another program is held by that`, async (t) => {
    const { supervisor, changes } = systemdWith('/home/ann', { [name]: VENDOR });
    const { heldBy, listening, detail } = await supervisor.status(LABEL);
    t.deepEqual([heldBy, listening], [VENDOR, false]);
    t.true(detail?.includes(name));
    t.is(await supervisor.dismiss(LABEL), undefined);
    await supervisor.unload(LABEL);
    await supervisor.forget(LABEL);
    for (const changed of [[], supervisor.pathsOf(LABEL)]) {
      const error = await t.throwsAsync(supervisor.load(jobWith(), changed), {
        code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
      });
      t.true(error?.message.includes(VENDOR));
    }
    t.deepEqual(
      changes().filter((command) => command.split(' ').includes(name)),
      [],
    );
  });
}

test('a unit of another program that comes into effect by the reload is not started', async (t) => {
  const fragments: Record<string, string> = {};
  const { supervisor, changes } = systemdWith('/home/ann', fragments, () => {
    fragments[NAMES[1] as string] = VENDOR;
  });
  await t.throwsAsync(supervisor.load(jobWith(), supervisor.pathsOf(LABEL)), {
    code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
  });
  t.deepEqual(changes(), ['--user daemon-reload']);
});

test('a unit that is read through a link of the home folder or to the file is the own one', async (t) => {
  const folder = await tempDir(t);
  const file = join(folder, 'real', '.config', 'systemd', 'user', NAMES[0] as string);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  symlinkSync('real', join(folder, 'link'));
  const { supervisor } = systemdWith(join(folder, 'link'), { [NAMES[0] as string]: file });
  t.is((await supervisor.status(LABEL)).heldBy, undefined);
});

test('the folders of other units are those of systemd.unit(5), and not the own one', (t) => {
  const { run } = scriptedRun(() => 0);
  const foldersOf = (env: Record<string, string>): string[] => {
    const supervisor = createSystemd({ run, home: '/home/ann', uid: 1000, env });
    t.deepEqual(
      supervisor.foreignPathsOf?.(LABEL).filter((path) => supervisor.pathsOf(LABEL).includes(path)),
      [],
    );
    return [...new Set(supervisor.foreignPathsOf?.(LABEL).map(dirname))];
  };
  const usual = foldersOf({});
  for (const folder of [
    '/home/ann/.config/systemd/user.control',
    '/run/user/1000/systemd/transient',
    '/run/user/1000/systemd/generator',
    '/etc/xdg/systemd/user',
    '/etc/systemd/user',
    '/run/systemd/user',
    '/home/ann/.local/share/systemd/user',
    '/usr/local/share/systemd/user',
    '/usr/share/systemd/user',
    '/usr/local/lib/systemd/user',
    '/usr/lib/systemd/user',
  ]) {
    t.true(usual.includes(folder), folder);
  }
  const set = foldersOf({ XDG_DATA_DIRS: '/nix/share:relative', XDG_CONFIG_DIRS: '/cfg', XDG_RUNTIME_DIR: '/r' });
  for (const folder of ['/nix/share/systemd/user', '/cfg/systemd/user', '/r/systemd/transient']) {
    t.true(set.includes(folder), folder);
  }
});
