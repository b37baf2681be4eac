/** Clients that connect just when an agent shuts down: none of them notices. */
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { CLOSE_NOTICE_MS } from '../../src/agent/connections/graceful-close.ts';
import { FIRST_BYTE_MS } from '../../src/agent/connections/open-connections.ts';
import { close, connect, connectRaw, type LaunchpoolError } from '../../src/client/index.ts';
import { activate, agentCommand } from '../helpers/activator.ts';
import { dial } from '../helpers/frame-client.ts';
import { framesOf } from '../helpers/frame-server.ts';
import { until } from '../helpers/until.ts';

/** The number of agents in a row; many more by hand, with LAUNCHPOOL_TEST_LIVES. */
const LIVES = Number(process.env.LAUNCHPOOL_TEST_LIVES ?? 10);
const CLIENTS = 4;
const IDLE_MS = 20;
const FLAGS = ['--idle', String(IDLE_MS / 1000), '--threads', '1'];

/** A moment around the idle exit of an agent that has just replied. */
const aroundTheExit = (): Promise<void> => wait(IDLE_MS * (0.9 + Math.random() / 2));

test(`in ${LIVES} lives of agents, clients that connect around the idle exit get a reply at once`, async (t) => {
  t.timeout(60_000 + LIVES * 5_000);
  const held = await activate(t, agentCommand('agents/echo.ts', FLAGS));
  let calls = 0;
  async function callRepeatedly(caller: number): Promise<void> {
    await aroundTheExit();
    const text = `${caller}: ${calls}`;
    const connectedAt = performance.now();
    const client = await dial(t, held.socketPath);
    client.socket.write(framesOf(text));
    // On a busy machine this client may have been too late.
    if (performance.now() - connectedAt > FIRST_BYTE_MS / 2) return void client.socket.destroy();
    t.deepEqual(await client.until(1), [text]);
    t.deepEqual(client.errors, []);
    client.socket.destroy();
    calls += 1;
  }
  while (held.all('left').length < LIVES) {
    await Promise.all(Array.from({ length: CLIENTS }, (_unused, caller) => callRepeatedly(caller)));
  }
  t.true(calls >= LIVES);
  t.deepEqual(held.all('crashed'), []);
  await held.close();
  // Each process that started has exited; in a long run the system reuses their ids.
  t.is(held.all('left').length, held.all('started').length);
  t.log(`${calls} calls, ${held.all('started').length} processes`);
});

test('a TypeScript client that stays connected through many idle exits notices none of them', async (t) => {
  t.timeout(60_000 + LIVES * 5_000);
  const held = await activate(t, agentCommand('agents/echo.ts', FLAGS));
  const lives = Math.ceil(LIVES / 2);
  async function call(caller: number): Promise<void> {
    let client = await connectRaw(held.socketPath);
    let isLate = false;
    for (let nth = 0; held.all('left').length < lives; nth += 1) {
      const texts = [`${caller}: ${nth}`, `${caller}: ${nth}, and another`];
      try {
        const replies = await Promise.all(texts.map((text) => client.request(text)));
        t.deepEqual(replies.map(String), texts);
      } catch (error) {
        // On a busy machine the client may read the agent's notice too late.
        if (!isLate || (error as LaunchpoolError).code !== 'ERR_LAUNCHPOOL_CONNECTION_CLOSED') throw error;
        client.close();
        client = await connectRaw(held.socketPath);
      }
      const startedAt = performance.now();
      await aroundTheExit();
      isLate = performance.now() - startedAt > CLOSE_NOTICE_MS / 2;
    }
    client.close();
  }
  await Promise.all([call(1), call(2)]);
  t.deepEqual(held.all('crashed'), []);
});

test('a client that has connected and sent nothing yet is given time, beyond the idle time of others', async (t) => {
  const held = await activate(t, agentCommand('agents/echo.ts', FLAGS));
  for (;;) {
    const client = await dial(t, held.socketPath);
    const connectedAt = performance.now();
    const control = await connect<{ status(): { connections: number } }>(held.controlPath);
    const isCounted = until(async () => (await control.status()).connections === 1);
    // The client may disconnect in the meantime; the check is below.
    await Promise.race([isCounted.catch(() => undefined), client.ended]);
    await close(control);
    await wait(5 * IDLE_MS);
    client.socket.write(framesOf('late'));
    // On a busy machine this client may have been too late.
    if (performance.now() - connectedAt > FIRST_BYTE_MS / 2) {
      client.socket.destroy();
      continue;
    }
    t.deepEqual(await client.until(1), ['late']);
    // From now on it is idle like any other client.
    t.deepEqual(await client.ended, ['late']);
    break;
  }
  await held.reached('left', 1);
});

test('with --keep-quiet-clients, an agent runs as long as a client is connected', async (t) => {
  const held = await activate(t, agentCommand('agents/echo.ts', [...FLAGS, '--keep-quiet-clients']));
  const client = await dial(t, held.socketPath);
  for (const frames of [['first'], ['first', 'second']]) {
    client.socket.write(framesOf(frames.at(-1) as string));
    t.deepEqual(await client.until(frames.length), frames);
    t.deepEqual(client.errors, []);
    await wait(10 * IDLE_MS);
  }
  t.deepEqual(held.all('left'), []);
  client.socket.destroy();
  await held.reached('left', 1);
});

test('--min-uptime keeps an agent from an early exit', async (t) => {
  const held = await activate(t, agentCommand('agents/echo.ts', [...FLAGS, '--min-uptime', '1.5']));
  const client = await dial(t, held.socketPath);
  client.socket.write(framesOf('hi'));
  t.deepEqual(await client.until(1), ['hi']);
  client.socket.destroy();
  t.true((await held.reached('left', 1)).uptimeMs >= 1_500);
});
