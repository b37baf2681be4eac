/** Kills what stands between a client of MCP and a method, at random during calls, and checks that each call has one answer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { callTool, type McpClient } from './mcp-agents.ts';

/** The longest time that a method takes, and within which something is killed. */
const MAX_MS = 60;
const CALLS = 4;

export type Kill = { name: string; kill(): Promise<unknown> | unknown };

/** @param folder for the record of the calls that have run. */
export async function killRepeatedly(
  t: ExecutionContext,
  client: McpClient,
  folder: string,
  kills: readonly Kill[],
  rounds: number,
): Promise<void> {
  const file = join(folder, 'runs');
  const random = (below: number): number => Math.floor(Math.random() * below);
  for (let round = 1; round <= rounds; round += 1) {
    writeFileSync(file, '');
    const calls = Array.from({ length: CALLS }, (_, index) => ({
      key: `${round}-${index}`,
      name: index % 2 === 0 ? 'records' : 'recordsIdempotent',
      ms: random(MAX_MS),
    }));
    const answers = calls.map(({ name, key, ms }) => callTool(client, name, { file, key, ms }));
    const { name: killed, kill } = kills[random(kills.length)] as Kill;
    await wait(random(MAX_MS));
    await kill();
    const found = await Promise.all(answers);
    const runs = readFileSync(file, 'utf8').split('\n');
    for (const [index, { key, name }] of calls.entries()) {
      const { id, result, error } = found[index] as (typeof found)[number];
      const text = `${killed}, round ${round}: ${JSON.stringify(result ?? error)}`;
      const times = runs.filter((run) => run === key).length;
      t.is(client.messages.filter((message) => message.id === id).length, 1, text);
      t.is(error, undefined, text);
      if (name === 'records') t.true(times <= 1, text);
      // One kill a round: a further try succeeds.
      else t.falsy(result.isError, text);
      if (!result.isError) t.deepEqual([result.content[0].text, times >= 1], [key, true], text);
    }
  }
}

/** A socket in front of an agent's own, whose connections can be cut. */
export async function cutConnections(t: ExecutionContext, path: string, to: string): Promise<Kill> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const agent = connect(to);
    for (const [from, into] of [
      [socket, agent],
      [agent, socket],
    ] as const) {
      sockets.add(from);
      from.pipe(into);
      from
        .on('error', () => into.destroy())
        .on('close', () => {
          sockets.delete(from);
          into.destroy();
        });
    }
  });
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    name: 'the socket',
    kill() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
