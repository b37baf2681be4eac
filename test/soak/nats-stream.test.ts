/** A long stream over NATS to a reader that pauses: neither the instance, nor the NATS server, nor the client holds much of it. */
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { readProcess } from '../../chaos/process-figures.ts';
import { close, connect } from '../../src/client/index.ts';
import { natsConnection, startNatsServer } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { natsProject, serve } from '../helpers/served-agent.ts';

const ITEMS = 50_000;
const ITEM_BYTES = 10_000;
/** The pauses of the reader, in which the whole stream would travel without flow control. */
const PAUSE_MS = 500;
const PAUSES = 5;
/** A fifth of the stream. What is allowed is some MiB of windows, and garbage that is not collected yet. */
const MAX_GROWTH = (ITEMS * ITEM_BYTES) / 5;

type Module = { items(count: number, bytes: number): AsyncIterable<string> };

declareWith(test)('a stream of 500 MB to a slow reader takes bounded memory on all three sides', async (t) => {
  t.timeout(10 * 60_000);
  const server = await startNatsServer(t);
  const module = `export async function* items(count: number, bytes: number) {
    for (let item = 0; item < count; item += 1) yield String(item).padStart(bytes, '0');
  }`;
  const instance = await serve(t, await natsProject(t, module), server.url, ['--name', 'streams', '--threads', '1']);
  const nats = await natsConnection(t, server.url);
  const agent = await connect<Module>(`${server.url}/streams`, { nats, lostAfterMs: 60_000 });
  t.teardown(() => close(agent));
  const pids = { instance: instance.pid, server: server.process.pid as number, client: process.pid };
  const rss = () => Object.entries(pids).map(([name, pid]) => [name, readProcess(pid)?.rssBytes ?? 0] as const);
  for await (const _item of agent.items(1_000, ITEM_BYTES));
  const before = new Map(rss());
  let [count, isOrdered] = [0, true];
  for await (const item of agent.items(ITEMS, ITEM_BYTES)) {
    if (Number(item) !== count) isOrdered = false;
    count += 1;
    if (count % (ITEMS / PAUSES) !== 1) continue;
    await wait(PAUSE_MS);
    for (const [name, bytes] of rss()) {
      const growth = bytes - (before.get(name) as number);
      t.true(growth < MAX_GROWTH, `${name} has grown by ${Math.round(growth / 1e6)} MB`);
    }
  }
  t.deepEqual([count, isOrdered], [ITEMS, true]);
});
