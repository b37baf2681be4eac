/** An installed agent for tests of the doctor and of status: under a double of launchd, or under the real systemd. */
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Supervisor } from '../../../../job/supervisor.ts';
import { close, connect } from '../../../../src/client/index.ts';
import { type AgentStatus, status } from '../../../../src/control/status.ts';
import { type DoctorOptions, doctor } from '../../../../src/install/doctor/doctor.ts';
import type { Finding } from '../../../../src/install/doctor/finding.ts';
import { type Installed, install } from '../../../../src/install/install.ts';
import { uninstall } from '../../../../src/install/uninstall.ts';
import { type Host, hostOf } from '../../../../src/installed/host.ts';
import type { InstallOptions } from '../../../../src/installed/install-options.ts';
import type { Layout } from '../../../../src/installed/layout.ts';
import { placeOf } from '../../../../src/installed/place.ts';
import { waitForShutdown } from '../../../helpers/agent-process.ts';
import { lastingNode } from '../../../helpers/lasting-node.ts';
import { createLaunchdDouble, type LaunchdDouble, type LaunchdDoubleOptions } from '../../../helpers/launchd/double.ts';
import { type SystemdSession, startSystemd } from '../../../helpers/systemd-session.ts';
import { removeFolder, SHORT_TEMP, tempDir } from '../../../helpers/temp-dir.ts';
import { RECHECK_MS } from '../../../helpers/until.ts';
import '../../../helpers/built-runtime.ts';

/** The shortest uptime that no supervisor treats as a crash. */
export const SHORT = { idle: 0.1, 'min-uptime': 1.2 };

const MODULE = `
  export const pid = (): number => process.pid;
  export function die(): void {
    process.kill(process.pid, 'SIGKILL');
  }
`;

export type Bench = {
  label: string;
  host: Host;
  layout: Layout;
  supervisor: Supervisor;
  /** Path of the module's source. */
  module: string;
  install(more?: Partial<InstallOptions>): Promise<Installed>;
  doctor(more?: DoctorOptions): Promise<Finding[]>;
  status(): Promise<AgentStatus>;
  /** Calls the agent, which starts it. Resolves with its process id. */
  call(): Promise<number>;
  /** Crashes the agent. */
  crash(): Promise<void>;
  /** Resolves when the agent has exited. For an agent with a short idle timeout. */
  idle(): Promise<void>;
};

let labels = 0;

async function createBench(t: ExecutionContext, overrides: Partial<Host>): Promise<Bench> {
  t.timeout(180_000);
  labels += 1;
  const label = `com.example.doctor${labels}`;
  const host = hostOf({ ...overrides, execPath: lastingNode() });
  const module = join(await tempDir(t), 'agent.ts');
  await writeFile(module, MODULE);
  const options = { label, host };
  const { layout, supervisor } = placeOf(options);
  const bench: Bench = {
    label,
    host,
    layout,
    supervisor,
    module,
    install: (more = {}) => install({ ...options, module, node: lastingNode(), ...more }),
    doctor: (more = {}) => doctor({ ...options, ...more }),
    status: () => status(options),
    async call() {
      const agent = await connect<{ pid(): number }>(layout.sockets.agent);
      const pid = await agent.pid();
      await close(agent);
      return pid;
    },
    async crash() {
      const agent = await connect<{ die(): void }>(layout.sockets.agent);
      await t.throwsAsync(agent.die());
      await close(agent);
    },
    async idle() {
      await waitForShutdown(layout.sockets.agent);
      await stateIs(bench, 'idle');
    },
  };
  return bench;
}

export type LaunchdBench = Bench & { launchd: LaunchdDouble; plist: string };

export async function launchdBench(
  t: ExecutionContext,
  options: Partial<LaunchdDoubleOptions> = {},
): Promise<LaunchdBench> {
  const home = join(await tempDir(t), 'h');
  await mkdir(home);
  const launchd = createLaunchdDouble(t, { home, ...options });
  const bench = await createBench(t, { platform: 'darwin', home, uid: 501, env: {}, run: launchd.run });
  return { ...bench, launchd, plist: join(home, 'Library', 'LaunchAgents', `${bench.label}.plist`) };
}

export type SystemdBench = Bench & {
  session: SystemdSession;
  /** Runs systemctl in the session. */
  ctl(...args: string[]): Promise<void>;
  units: { folder: string; socket: string; control: string; service: string };
};

/** Declares a test on a systemd session that all tests of a file share. */
export type SystemdTest = (title: string, body: (t: ExecutionContext, bench: SystemdBench) => Promise<void>) => void;

export function onSystemd(): SystemdTest {
  let folder: string | undefined;
  let session: SystemdSession | undefined;
  test.after.always(async () => {
    await session?.close();
    if (folder !== undefined) await removeFolder(folder);
  });
  return (title, body) => {
    test.serial(title, async (t) => {
      folder ??= await mkdtemp(join(SHORT_TEMP, 'lp-'));
      // The session outlives the test that starts it.
      const context = {
        title: t.title,
        log: t.log,
        pass: t.pass,
        teardown: () => undefined,
      } as unknown as ExecutionContext;
      session ??= await startSystemd(context, join(folder, 'home'));
      if (session === undefined) return;
      const { host, run } = session;
      const bench = await createBench(t, host);
      t.teardown(async () => void (await uninstall({ label: bench.label, host: bench.host })));
      const unit = (name: string): string => join(host.home, '.config', 'systemd', 'user', name);
      const { label } = bench;
      await body(t, {
        ...bench,
        session,
        async ctl(...args) {
          const { status: exit, stderr } = await run(['systemctl', '--user', ...args]);
          if (exit !== 0) throw new Error(`systemctl ${args.join(' ')}: ${stderr}`);
        },
        units: {
          folder: unit(''),
          socket: unit(`${label}.socket`),
          control: unit(`${label}-control.socket`),
          service: unit(`${label}.service`),
        },
      });
    });
  };
}

/**
 * Waits for a state at the supervisor, which notices an exit with a delay. Asks the supervisor only: a request to the agent
 * would start the next process.
 */
export async function stateIs({ label, supervisor }: Bench, state: AgentStatus['state']): Promise<void> {
  while ((await supervisor.status(label)).state !== state) await wait(RECHECK_MS);
}

export function idsOf(findings: readonly Finding[]): string[] {
  return findings.map(({ id }) => id);
}

/**
 * Expects findings that all have a fix; after the fixes, the doctor finds nothing and the agent answers.
 * @param settled resolves when the fixes have taken effect. @default at once
 * @returns the findings before the fixes.
 */
export async function expectFixed(
  t: ExecutionContext,
  bench: Bench,
  ids: readonly string[],
  settled: () => Promise<unknown> = async () => undefined,
): Promise<Finding[]> {
  const found = await bench.doctor();
  t.deepEqual(idsOf(found), ids);
  t.deepEqual(
    found.filter(({ canFix, fixed }) => !canFix || fixed !== undefined),
    [],
  );
  const fixed = await bench.doctor({ fix: true });
  t.true(fixed.length > 0);
  t.deepEqual(
    fixed.filter((finding) => finding.fixed !== true),
    [],
  );
  await settled();
  t.deepEqual(await bench.doctor(), []);
  t.true((await bench.call()) > 0);
  return found;
}

/** Connects without a request and stays connected until the test ends. */
export async function stayConnected(t: ExecutionContext, path: string): Promise<void> {
  const socket = connectSocket(path);
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
}

/**
 * A Node of this test, at a path that the installer accepts as permanent. It runs this process's Node. While there is a file
 * `<path>.broken`, it exits at once.
 */
export async function ownNode(t: ExecutionContext, name = 'node'): Promise<string> {
  const folder = await mkdtemp(join(realpathSync('/var/tmp'), 'lp-'));
  t.teardown(() => removeFolder(folder));
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n[ -e "$0.broken" ] && exit 3\nexec "${lastingNode()}" "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

/** Stops a process, so that it hangs, and kills it when the test ends. */
export function hang(t: ExecutionContext, pid: number): void {
  process.kill(pid, 'SIGSTOP');
  t.teardown(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The doctor has ended it.
    }
  });
}
