/**
 * A user manager of systemd, the real one, in a mount namespace of its own: its /run is a file system of its own, so
 * that it neither sees nor disturbs the system's. Its sockets are reached by way of /proc/<pid>/root.
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

/** As the manager and all that it starts see it. */
const RUNTIME = '/run/user/0';

/**
 * What a distribution has run for a user's session whenever units are read anew: programs of its desktop and its keys, up
 * to a dozen each time, of which no agent needs any.
 */
const GENERATORS = ['/usr/lib/systemd/user-generators', '/usr/lib/systemd/user-environment-generators'];

/**
 * Where control groups are, by version 2, 1 and both (https://systemd.io/CGROUP_DELEGATION/). In a group of its own a
 * manager leaves everybody else's processes where they are, and ends only its own services: two managers that share one
 * take services of the same name for the same.
 */
const CGROUPS = '/sys/fs/cgroup';
const CGROUP_TREES = [CGROUPS, `${CGROUPS}/systemd`, `${CGROUPS}/unified`];
const cgroupOf = (pid: number | string): string => `launchpool-test-${pid}`;

export type SystemdSession = {
  /** What an installer outside of the namespace needs to work inside. */
  host: Pick<Host, 'platform' | 'home' | 'uid' | 'env' | 'run'>;
  /** Runs a program in the namespace, with the environment of a login session. */
  run: RunCommand;
  /** Every command that has been run. */
  commands: string[][];
  close(): Promise<void>;
};

/** Undefined, and said so, where there is no systemd or no namespace to be had. It ends with the test. */
export function startSystemd(
  t: ExecutionContext,
  home: string,
  options?: { journal?: boolean },
): Promise<SystemdSession | undefined> {
  return openSystemd(t, home, t.teardown, options);
}

/** As {@link startSystemd}, for whoever ends it otherwise than with a test. */
export async function openSystemd(
  t: ExecutionContext,
  home: string,
  atEnd: (close: () => Promise<void>) => unknown,
  { journal = false } = {},
): Promise<SystemdSession | undefined> {
  const [systemd, unshare, nsenter] = ['systemd', 'unshare', 'nsenter'].map(findTool);
  if (systemd === undefined || unshare === undefined || nsenter === undefined || process.getuid?.() !== 0) {
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
  const manager = spawn(unshare, ['-m', 'sh', '-c', script], {
    env,
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
  });
  const exited = once(manager, 'exit');
  const { pid } = manager;
  if (pid === undefined) throw new Error('unshare cannot be started');

  const runtime = `/proc/${pid}/root${RUNTIME}`;
  const outside = { ...env, XDG_RUNTIME_DIR: runtime };
  const commands: string[][] = [];
  const run: RunCommand = async (command): Promise<CommandResult> => {
    commands.push([...command]);
    const { status, stdout, stderr } = await (isQuestion(command)
      ? runProgram(command, { env: outside })
      : runProgram([nsenter, '-t', String(pid), '-m', ...command], { env }));
    return { status: status ?? -1, stdout: withoutLineEnd(stdout.toString()), stderr: withoutLineEnd(stderr) };
  };

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      manager.kill('SIGTERM');
      await exited;
      // journald, where there is one: it is in the group of what was started here, and nobody else is.
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // There is none.
      }
      await removeCgroups(pid);
    })();
    return closing;
  };
  atEnd(close);
  const socket = `${runtime}/systemd/private`;
  await managerIsUp(run, () => existsSync(socket), exited);
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

/** The manager answers it from outside of the namespace too, where nsenter(1) need not run first: most commands ask. */
function isQuestion([program, , verb]: readonly string[]): boolean {
  return program === 'systemctl' && verb === 'show';
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/** The lines of a shell script that start it, with nothing of the system's to read or to write, and wait for it. */
function startJournal(journald: string): string {
  return `
    mkdir -p /run/systemd/journal /run/systemd/journald.conf.d
    printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=no\\n' > /run/systemd/journald.conf.d/test.conf
    ${journald} &
    until [ -S /run/systemd/journal/stdout ]; do kill -0 $! || exit 1; sleep 0.02; done`;
}

/** Whoever has been in them is ending; the manager makes some for each controller that it finds. */
async function removeCgroups(pid: number): Promise<void> {
  const own = `*/${cgroupOf(pid)}`;
  const them = ['-type', 'd', '(', '-path', own, '-o', '-path', `${own}/*`, ')'];
  const remove = (): number | null =>
    spawnSync('find', [CGROUPS, '-depth', ...them, '-exec', 'rmdir', '{}', '+'], { stdio: 'ignore' }).status;
  for (let tries = 0; remove() !== 0 && tries < 100; tries += 1) await wait(50);
}

async function managerIsUp(run: RunCommand, listens: () => boolean, exited: Promise<unknown>): Promise<void> {
  let isGone = false;
  exited.then(() => {
    isGone = true;
  });
  for (;;) {
    // Until then every systemctl would be one in vain.
    while (!listens() && !isGone) await wait(5);
    const { status, stdout, stderr } = await run(['systemctl', '--user', '--wait', 'is-system-running']);
    if (status === 0 || stdout.trim() === 'degraded') return;
    if (isGone) throw new Error(`the user manager has ended: ${stdout}${stderr}`);
  }
}
