/**
 * A supervisor and its agents in the process of the test. An installation takes all its steps; the only processes that it
 * starts are short shell scripts in place of Node. The supervisor has one file for each label.
 */
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Job } from '../../job/job.ts';
import type { Supervisor } from '../../job/supervisor.ts';
import { createControl } from '../../src/agent/control.ts';
import type { Host } from '../../src/installed/host.ts';
import type { InstallOptions } from '../../src/installed/install-options.ts';
import { statusOf } from './control-server.ts';
import { tempDir } from './temp-dir.ts';

export type FakeSupervisor = {
  home: string;
  supervisor: Supervisor;
  host: Pick<Host, 'platform' | 'home' | 'env'>;
  /** Called when a label is to be loaded or unloaded, before that happens. */
  onLoad: (label: string) => Promise<void>;
  onUnload: (label: string) => Promise<void>;
  optionsOf(label: string): InstallOptions;
};

/** @param isHomeMissing whether the home folder is not made. */
export async function createFakeSupervisor(
  t: ExecutionContext,
  { isHomeMissing = false } = {},
): Promise<FakeSupervisor> {
  const folder = await tempDir(t);
  const [home, module, node] = [join(folder, 'h'), join(folder, 'agent.ts'), join(folder, 'bin', 'node')];
  if (!isHomeMissing) await mkdir(home);
  await writeFile(module, 'export const version = (): number => 1;');
  await writeNodeScript(node);
  const held = new Map<string, Held>();
  const host: FakeSupervisor['host'] = {
    platform: 'linux',
    home,
    env: { XDG_RUNTIME_DIR: join(home, 'run', 'user') },
  };
  const release = async (label: string): Promise<void> => {
    await held.get(label)?.close();
    held.delete(label);
  };
  t.teardown(() => Promise.all([...held.keys()].map(release)));
  const pathOf = (label: string): string => join(home, '.config', 'fake', 'jobs', `${label}.job`);
  const supervisor: Supervisor = {
    name: 'embedded',
    check: async () => undefined,
    filesOf: (job) => [{ path: pathOf(job.label), text: job.command.join(' '), mode: 0o644 }],
    pathsOf: (label) => [pathOf(label)],
    loading: () => [],
    async load(job) {
      await fake.onLoad(job.label);
      if (!lstatSync(pathOf(job.label)).isFile()) throw new Error('no job');
      await release(job.label);
      held.set(job.label, await hold(job));
    },
    async unload(label) {
      await fake.onUnload(label);
      await release(label);
    },
    forget: async () => undefined,
    dismiss: async () => undefined,
    status: async (label) => ({ state: held.has(label) ? 'idle' : 'not-installed', listening: held.has(label) }),
    logCommand: () => undefined,
  };
  const fake: FakeSupervisor = {
    home,
    supervisor,
    host,
    onLoad: async () => undefined,
    onUnload: async () => undefined,
    optionsOf: (label) => ({ label, module, node, copyNode: true, supervisor, host }),
  };
  return fake;
}

type Held = { close(): Promise<void> };

async function hold(job: Job): Promise<Held> {
  const module = realpathSync(job.command.find((argument) => /\/current\/(?!launchpool)/.test(argument)) as string);
  const ready = statusOf({ module, connectionsServed: 1 });
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const agent = createServer((socket) => socket.resume());
  const control = createServer(
    { allowHalfOpen: true, pauseOnConnect: true },
    createControl({ ready: () => Promise.resolve(ready) }),
  );
  await listen(agent.on('connection', track), job.sockets.agent);
  await listen(control.on('connection', track), job.sockets.control);
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([agent, control].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  return new Promise((resolve, reject) => server.once('error', reject).listen(path, resolve));
}

/** A script that prints the version of Node, and reports one method for each module that it has to check. */
async function writeNodeScript(path: string): Promise<void> {
  await mkdir(dirname(path));
  const facts = JSON.stringify({ kind: 'rpc', methods: ['version'] });
  const script = `#!/bin/sh\nif [ "$1" = --version ]; then echo ${process.version}; else echo '${facts}' >&3; fi\n`;
  await writeFile(path, script);
  await chmod(path, 0o755);
}
