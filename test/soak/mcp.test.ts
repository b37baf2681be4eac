/**
 * A bridge of MCP through idle exits of its agent, and through kills of what it depends on: `npm run soak:mcp` has 1,000 and 200 of
 * them, which takes half an hour.
 */
import test from 'ava';
import {
  agentHome,
  callTool,
  descriptionOf,
  holdInstalled,
  initialize,
  LABEL,
  startBridge,
  TOOLS_AGENT,
  writeAgent,
} from '../helpers/mcp-agents.ts';
import { embeddedKillBench, systemdKillBench } from '../helpers/mcp-kill-benches.ts';
import { killRepeatedly } from '../helpers/mcp-kills.ts';

const MINUTE = 60_000;
const IS_WHOLE = process.env.LAUNCHPOOL_WHOLE_SOAK !== undefined;
const IDLE_EXITS = IS_WHOLE ? 1_000 : 30;
const AGENT_KILLS = IS_WHOLE ? 50 : 3;
const UNIT_KILLS = IS_WHOLE ? 150 : 10;

test.serial(`${IDLE_EXITS} idle exits of the agent are not noticed`, async (t) => {
  t.timeout(30 * MINUTE);
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  const agent = await holdInstalled(t, home, { flags: ['--idle', '1ms'] });
  const client = startBridge(t, home);
  await initialize(client);
  for (let exit = 1; exit <= IDLE_EXITS; exit += 1) {
    const { result } = await callTool(client, 'add', { a: exit, b: 0 });
    t.deepEqual(result, { content: [{ type: 'text', text: String(exit) }] });
    await agent.reached('left', exit);
  }
});

// Behind each crash the holder waits longer, as systemd does not.
test.serial(`${AGENT_KILLS} kills of the agent and of connections`, async (t) => {
  t.timeout(30 * MINUTE);
  const { client, folder, kills } = await embeddedKillBench(t);
  await killRepeatedly(t, client, folder, kills, AGENT_KILLS);
});

test.serial(`${UNIT_KILLS} kills of the unit`, async (t) => {
  t.timeout(30 * MINUTE);
  const bench = await systemdKillBench(t);
  if (bench !== undefined) await killRepeatedly(t, bench.client, bench.folder, bench.kills, UNIT_KILLS);
});
