/** The agent, its connections and its unit are killed during calls; test/soak/mcp.test.ts does it more often. */
import test from 'ava';
import { embeddedKillBench, systemdKillBench } from '../helpers/mcp-kill-benches.ts';
import { killRepeatedly } from '../helpers/mcp-kills.ts';

test('the agent and the connections are killed: each call has one answer', async (t) => {
  t.timeout(120_000);
  const { client, folder, kills } = await embeddedKillBench(t);
  await killRepeatedly(t, client, folder, kills, 12);
});

test('the unit is killed, stopped and restarted: each call has one answer', async (t) => {
  t.timeout(120_000);
  const bench = await systemdKillBench(t);
  if (bench !== undefined) await killRepeatedly(t, bench.client, bench.folder, bench.kills, 8);
});
