/** prettierd and eslint_d: their servers, and the commands of their own clients. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { WallOptions } from '../generator.ts';
import { outputOf, runToEnd, start } from '../processes.ts';

const PEERS = join(import.meta.dirname, '..', '..', 'packages', 'peers');
export const NO_PEERS = 'not installed: npm ci --prefix packages/peers';

const FILE = 'file.js';
const SOURCE = 'var a  =  1;\n';
/** eslint prints a warning, so that its output shows that it has run. */
const CONFIG = "export default [{ rules: { 'no-var': 'warn' } }];\n";
const READY_MS = 10_000;
const POLL_MS = 50;

export type Daemon = { command: WallOptions; close(): Promise<void> };

export function hasPeers(): boolean {
  return existsSync(join(PEERS, 'node_modules'));
}

/** Its server is a process of the bench, which ends it: its client would start one that stays. */
export async function startPrettierd(folder: string): Promise<Daemon> {
  const cwd = await projectIn(folder);
  const runtime = join(folder, '.prettierd');
  await mkdir(runtime, { recursive: true });
  const require = createRequire(join(PEERS, 'package.json'));
  const client = require.resolve('@fsouza/prettierd/bin/prettierd');
  const dotFile = `.prettierd@${encodeURIComponent(cwd)}`;
  const server = start(
    [process.execPath, createRequire(client).resolve('core_d/lib/daemon.js')],
    {
      XDG_RUNTIME_DIR: runtime,
      CORE_D_TITLE: 'prettierd',
      CORE_D_SERVICE: require.resolve('@fsouza/prettierd/dist/service'),
      CORE_D_DOTFILE: dotFile,
    },
    { cwd },
  );
  const env = { XDG_RUNTIME_DIR: runtime, HOME: folder, PRETTIERD_DEFAULT_CONFIG: undefined };
  // The shell replaces itself with the client.
  const command = ['sh', '-c', 'exec "$0" "$1" "$2" < "$2"', process.execPath, client, FILE] as const;
  try {
    await until(() => existsSync(join(runtime, dotFile)), 'prettierd does not start');
    return {
      command: { command, cwd, env, expect: await outputOf(command, env, { cwd }) },
      close: () => server.close(),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Its server watches the process of the bench, and exits with it. */
export async function startEslintD(folder: string): Promise<Daemon> {
  const cwd = await projectIn(folder);
  const client = join(PEERS, 'node_modules', 'eslint_d', 'bin', 'eslint_d.js');
  const env = { HOME: folder, ESLINT_D_PPID: String(process.pid) };
  const command = [process.execPath, client, FILE] as const;
  const expect = await outputOf(command, env, { cwd });
  const stop = [process.execPath, client, 'stop'] as const;
  return { command: { command, cwd, env, expect }, close: async () => void (await runToEnd(stop, env, { cwd })) };
}

async function projectIn(folder: string): Promise<string> {
  const project = join(folder, 'project');
  await mkdir(project, { recursive: true });
  await writeFile(join(project, FILE), SOURCE);
  await writeFile(join(project, 'eslint.config.mjs'), CONFIG);
  return project;
}

async function until(isReady: () => boolean, message: string): Promise<void> {
  for (const deadline = Date.now() + READY_MS; !isReady(); ) {
    if (Date.now() > deadline) throw new Error(message);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
