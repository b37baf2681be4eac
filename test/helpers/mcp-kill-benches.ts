/** The benches of the kill tests: an agent behind a socket that can be cut, and a unit of systemd. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { install } from '../../src/install/install.ts';
import { unitNamesOf } from '../../systemd/paths.ts';
import { lastingNode } from './lasting-node.ts';
import {
  agentHome,
  callTool,
  descriptionOf,
  holdInstalled,
  initialize,
  LABEL,
  type McpClient,
  socketOf,
  startBridge,
  TOOLS_AGENT,
  writeAgent,
} from './mcp-agents.ts';
import { cutConnections, type Kill } from './mcp-kills.ts';
import { startSystemd } from './systemd-session.ts';
import { tempDir } from './temp-dir.ts';

export type KillBench = { client: McpClient; folder: string; kills: readonly Kill[] };

export async function embeddedKillBench(t: ExecutionContext): Promise<KillBench> {
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  // The bridge's path is a socket in front of this one.
  const agent = await holdInstalled(t, home, { label: 'com.example.behind' });
  const cut = await cutConnections(t, socketOf(home, LABEL), agent.socketPath);
  const client = startBridge(t, home);
  await initialize(client);
  const killed = (): void => {
    const last = agent.events.at(-1);
    if (last?.event === 'started') process.kill(last.pid, 'SIGKILL');
  };
  return { client, folder: home.folder, kills: [{ name: 'the agent', kill: killed }, cut] };
}

/** Undefined, and reported, without systemd. */
export async function systemdKillBench(t: ExecutionContext): Promise<KillBench | undefined> {
  const folder = await tempDir(t);
  const home = join(folder, 'h');
  const session = await startSystemd(t, home);
  if (session === undefined) return undefined;
  const { host } = session;
  await install({ module: TOOLS_AGENT, label: LABEL, node: lastingNode(), host });
  const { XDG_DATA_HOME, ...env } = process.env;
  const runtime = host.env.XDG_RUNTIME_DIR;
  // A path through /proc is too long for some tools, not for sockets.
  const short = join(folder, 'r');
  symlinkSync(String(runtime), short);
  const client = startBridge(t, {
    env: { ...env, HOME: home, XDG_RUNTIME_DIR: short, XDG_CACHE_HOME: join(folder, 'c') },
  });
  await initialize(client);
  await callTool(client, 'pid');
  const { service } = unitNamesOf(LABEL);
  const systemctl =
    (...words: string[]): (() => Promise<unknown>) =>
    () =>
      session.run(['systemctl', '--user', ...words, service]);
  return {
    client,
    folder,
    kills: [
      { name: 'the processes of the unit', kill: systemctl('kill', '--signal=SIGKILL') },
      { name: 'the unit, by stop', kill: systemctl('stop') },
      { name: 'the unit, by restart', kill: systemctl('restart') },
    ],
  };
}
