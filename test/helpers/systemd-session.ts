/**
 * A real user manager of systemd in a mount namespace of its own. Its /run is a file system of its own, so it neither
 * sees nor disturbs the manager of the system. Its sockets are reached through /proc/<pid>/root.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { CommandResult, RunCommand } from '../../job/run-command.ts';
import type { Host } from '../../src/installed/host.ts';
import { notTested } from './not-tested.ts';
import { runProgram } from './program.ts';
import { findTool } from './tools.ts';

/** The path inside the namespace. */
const RUNTIME = '/run/user/0';

/**
 * Programs that a distribution runs for a user's session whenever units are read: parts of its desktop and key agents, up
 * to a dozen each time. No agent needs any of them.
 */
const GENERATORS = ['/usr/lib/systemd/user-generators', '/usr/lib/systemd/user-environment-generators'];

/**
 * The mounts of control groups, in version 2, 1 and both (https://systemd.io/CGROUP_DELEGATION/). In a group of its own, a
 * manager leaves the processes of others alone and ends only its own services; two managers in one group would take
 * services of the same name for the same.
 */
const CGROUPS = '/sys/fs/cgroup';
const CGROUP_TREES = [CGROUPS, `${CGROUPS}/systemd`, `${CGROUPS}/unified`];
const cgroupOf = (pid: number | string): string => `launchpool-test-${pid}`;

export type SystemdSession = {
  /** The host for an installer that runs outside of the namespace and works inside. */
  host: Pick<Host, 'platform' | 'home' | 'uid' | 'env' | 'run'>;
  /** Runs a program in the namespace, with the environment of a login session. */
  run: RunCommand;
  /** Every command that has been run. */
  commands: string[][];
  close(): Promise<void>;
};

/** Undefined, with a report, if systemd or a namespace is not available. The manager ends with the test. */
export function startSystemd(
  t: ExecutionContext,
  home: string,
  options?: { journal?: boolean },
): Promise<SystemdSession | undefined> {
  return openSystemd(t, home, t.teardown, options);
}

/** Like {@link startSystemd}, for callers that end the manager themselves. */
export async function openSystemd(
  t: ExecutionContext,
  home: string,
  atEnd: (close: () => Promise<void>) => unknown,
  { journal = false } = {},
): Promise<SystemdSession | undefined> {
  // See test/mac-like/run.sh.
  if (process.env.MAC_LIKE_NODE_OPTIONS !== undefined) {
    notTested(t, 'a Mac has no systemd');
    return undefined;
  }
  const [systemd, setpriv, nsenter] = ['systemd', 'setpriv', 'nsenter'].map(findTool);
  if (systemd === undefined || setpriv === undefined || nsenter === undefined || process.getuid?.() !== 0) {
    notTested(t, 'a user manager of systemd in a namespace of its own needs root, systemd and util-linux');
    return undefined;
  }
  await mkdir(home, { recursive: true });
  const journald = journal ? findTool('systemd-journald') : undefined;
  if (journal && journald === undefined) {
    notTested(t, 'systemd-journald is not installed');
    return undefined;
  }
  const script = `
    for tree in ${CGROUP_TREES.join(' ')}; do
      [ -f $tree/cgroup.procs ] && mkdir -p $tree/${cgroupOf('$$')} && echo $$ > $tree/${cgroupOf('$$')}/cgroup.procs
    done
    for folder in ${GENERATORS.join(' ')}; do [ ! -d $folder ] || mount -t tmpfs tmpfs $folder || exit 1; done
    mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system ${RUNTIME} && chmod 700 ${RUNTIME} || exit 1
    ${journald === undefined ? '' : startJournal(journald)}
    exec ${systemd} --user`;
  const env = { PATH: process.env.PATH ?? '', HOME: home, XDG_RUNTIME_DIR: RUNTIME, LANG: 'C.UTF-8' };
  // The signal ends the manager and its services when the test's process is killed before a teardown.
  const manager = spawn(setpriv, ['--pdeathsig', 'TERM', 'unshare', '-m', 'sh', '-c', script], {
    env,
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
  });
  const exited = once(manager, 'exit');
  const { pid } = manager;
  if (pid === undefined) throw new Error('setpriv cannot be started');

  const runtime = `/proc/${pid}/root${RUNTIME}`;
  const outside = { ...env, XDG_RUNTIME_DIR: runtime };
  const commands: string[][] = [];
  const run: RunCommand = async (command): Promise<CommandResult> => {
    commands.push([...command]);
    const { status, stdout, stderr } = await (isQuery(command)
      ? runProgram(command, { env: outside })
      : runProgram([nsenter, '-t', String(pid), '-m', ...command], { env }));
    return { status: status ?? -1, stdout: withoutLineEnd(stdout.toString()), stderr: withoutLineEnd(stderr) };
  };

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      manager.kill('SIGTERM');
      await exited;
      // journald, if it runs: it is the only process in the group that was created here.
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // No such group.
      }
      await removeCgroups(pid);
    })();
    return closing;
  };
  atEnd(close);
  const socket = `${runtime}/systemd/private`;
  await waitForManager(run, () => existsSync(socket), exited);
  commands.length = 0;
  return {
    host: {
      platform: 'linux',
      home,
      uid: 0,
      env: { XDG_RUNTIME_DIR: runtime },
      run,
    },
    run,
    commands,
    close,
  };
}

/** The manager answers it from outside of the namespace too, without nsenter(1): most commands only query. */
function isQuery([program, , verb]: readonly string[]): boolean {
  return program === 'systemctl' && verb === 'show';
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/** The lines of a shell script that start journald, which reads and writes nothing of the system, and wait for it. */
function startJournal(journald: string): string {
  return `
    mkdir -p /run/systemd/journal /run/systemd/journald.conf.d
    printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=no\\n' > /run/systemd/journald.conf.d/test.conf
    ${journald} &
    until [ -S /run/systemd/journal/stdout ]; do kill -0 $! || exit 1; sleep 0.02; done`;
}

/** The processes of the groups are exiting; the manager creates groups for each controller that it finds. */
async function removeCgroups(pid: number): Promise<void> {
  const own = `*/${cgroupOf(pid)}`;
  const groups = ['-type', 'd', '(', '-path', own, '-o', '-path', `${own}/*`, ')'];
  const remove = (): number | null =>
    spawnSync('find', [CGROUPS, '-depth', ...groups, '-exec', 'rmdir', '{}', '+'], { stdio: 'ignore' }).status;
  for (let tries = 0; remove() !== 0 && tries < 100; tries += 1) await wait(50);
}

async function waitForManager(run: RunCommand, listens: () => boolean, exited: Promise<unknown>): Promise<void> {
  let hasExited = false;
  exited.then(() => {
    hasExited = true;
  });
  for (;;) {
    // Until then every systemctl would fail.
    while (!listens() && !hasExited) await wait(5);
    const { status, stdout, stderr } = await run(['systemctl', '--user', '--wait', 'is-system-running']);
    if (status === 0 || stdout.trim() === 'degraded') return;
    if (hasExited) throw new Error(`the user manager has ended: ${stdout}${stderr}`);
  }
}
