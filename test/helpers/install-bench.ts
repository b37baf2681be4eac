/** A host to install on, with a module that reports its version. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Supervisor } from '../../job/supervisor.ts';
import { close, connect } from '../../src/client/index.ts';
import { createEmbedded } from '../../src/holder/embedded.ts';
import { type Installed, install } from '../../src/install/install.ts';
import { type Host, hostOf } from '../../src/installed/host.ts';
import type { InstallOptions } from '../../src/installed/install-options.ts';
import { type Layout, layoutOf } from '../../src/installed/layout.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { launchdChanges, systemdChanges } from './changes.ts';
import { lastingNode } from './lasting-node.ts';
import { createLaunchdDouble } from './launchd/double.ts';
import { notTested } from './not-tested.ts';
import { startSystemd } from './systemd-session.ts';
import { tempDir } from './temp-dir.ts';
import { tracesIn } from './tree.ts';
import './built-runtime.ts';
import './with-compile-cache.ts';

export type Kind = 'launchd' | 'embedded' | 'systemd';

export type InstallBench = {
  home: string;
  module: string;
  options: InstallOptions & { host: Partial<Host> };
  layout: Layout;
  /** Every command that changes something, in order. */
  changes(): string[];
  install(more?: Partial<InstallOptions>): Promise<Installed>;
  /** Expects that an installation fails. Returns the error, after checking its step, message and hint. */
  failure(t: ExecutionContext, more?: Partial<InstallOptions>): Promise<LaunchpoolError & { data: { step: string } }>;
  write(text: string): Promise<void>;
  /** The files of the agent, without its log and its compiled code. */
  traces(): string[];
};

export const LABEL = 'com.example.bench';

export const moduleOf = (version: number): string => `
  export const version = (): number => ${version};
  export const pid = (): number => process.pid;
`;

/** Undefined, and reported as not tested, if this machine does not have that supervisor. */
export async function createInstallBench(t: ExecutionContext, kind: Kind): Promise<InstallBench | undefined> {
  t.timeout(120_000);
  const folder = await tempDir(t);
  const [home, sources] = [join(folder, 'h'), join(folder, 'sources')];
  await Promise.all([mkdir(home), mkdir(sources)]);
  const setting = await SETTINGS[kind](t, home, folder);
  if (setting === undefined) return undefined;
  const { host, supervisor, runtime, changes } = setting;
  const module = join(sources, 'agent.ts');
  const write = (text: string): Promise<void> => writeFile(module, text);
  await write(moduleOf(1));
  const options = { module, label: LABEL, node: lastingNode(), host, supervisor };
  const installModule = (more: Partial<InstallOptions> = {}): Promise<Installed> => install({ ...options, ...more });
  return {
    home,
    module,
    options,
    layout: layoutOf(LABEL, hostOf(host)),
    changes,
    install: installModule,
    async failure(t, more) {
      const error = (await t.throwsAsync(installModule(more))) as Awaited<ReturnType<InstallBench['failure']>>;
      t.is(typeof error.data?.step, 'string', String(error.stack));
      t.not(error.message, '');
      t.is(typeof error.hint, 'string', error.message);
      t.notRegex(error.message, /could not be undone/);
      return error;
    },
    write,
    traces: () => [
      ...tracesIn(home),
      ...(existsSync(runtime) ? readdirSync(runtime).filter((name) => name.endsWith('.sock')) : []),
    ],
  };
}

type Setting = {
  host: Partial<Host>;
  supervisor: Supervisor | undefined;
  runtime: string;
  changes(): string[];
};

const SETTINGS: Readonly<
  Record<Kind, (t: ExecutionContext, home: string, folder: string) => Promise<Setting | undefined>>
> = {
  async launchd(t, home, folder) {
    if (process.platform !== 'linux') {
      notTested(t, 'the launchd double runs on Linux only');
      return undefined;
    }
    const launchd = createLaunchdDouble(t, { home });
    return {
      host: { platform: 'darwin', home, uid: 501, env: {}, run: launchd.run },
      supervisor: undefined,
      runtime: join(folder, 'none'),
      changes: () => launchdChanges(launchd.commands),
    };
  },
  async embedded(t, home, folder) {
    const runtime = join(folder, 'run');
    await mkdir(runtime);
    const supervisor = createEmbedded();
    t.teardown(supervisor.close);
    const host: Partial<Host> = { platform: 'linux', home, env: { XDG_RUNTIME_DIR: runtime } };
    return { host, supervisor, runtime, changes: () => [] };
  },
  async systemd(t, home) {
    const session = await startSystemd(t, home);
    if (session === undefined) return undefined;
    return {
      host: session.host,
      supervisor: undefined,
      runtime: session.host.env.XDG_RUNTIME_DIR ?? '',
      changes: () => systemdChanges(session.commands),
    };
  },
};

type Bench = { version(): number; pid(): number };

/** Calls a method of the agent at a socket. */
export async function ask<Method extends keyof Bench>(socket: string, method: Method): Promise<number> {
  const agent = await connect<Bench>(socket);
  try {
    return await agent[method]();
  } finally {
    await close(agent);
  }
}
