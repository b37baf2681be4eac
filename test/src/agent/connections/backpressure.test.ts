/** Backpressure: a client that sends and does not read costs the agent little, and other clients nothing. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { connectRaw, type RawClient } from '../../../../src/client/index.ts';
import { fixture, holdAgent } from '../../../helpers/agent.ts';
import { dial, type FrameClient } from '../../../helpers/frame-client.ts';
import { framesOf } from '../../../helpers/frame-server.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const MIB = 1024 * 1024;
/** The maximum input that the agent may have taken: above its limit of 8 MiB, far below the total. */
const MAX_TAKEN = 32 * MIB;
/** The client is blocked when another client gets this many replies without another byte being taken. */
const BLOCKED_ROUNDS = 300;

/** Writes a frame repeatedly until the agent takes no more, or too much. Returns the written frames and taken bytes. */
async function writeUntilBlocked(
  { socket }: FrameClient,
  neighbour: RawClient,
  frame: Buffer,
): Promise<[number, number]> {
  let written = 0;
  let taken = 0;
  let stopped = false;
  const write = (): void => {
    if (stopped) return;
    written += 1;
    socket.write(frame, (error) => {
      if (error) return;
      taken += frame.length;
      if (taken <= MAX_TAKEN) write();
    });
  };
  write();
  let rounds = 0;
  for (let before = -1; rounds < BLOCKED_ROUNDS; before = taken) {
    rounds = taken === before ? rounds + 1 : 0;
    await neighbour.request('next');
  }
  stopped = true;
  return [written, taken];
}

const residentBytes = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;

test('the agent stops reading from a client that does not read, serves others, and resumes when the client reads', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'));
  const silent = await dial(t, socketPath);
  const neighbour = await connectRaw(socketPath);
  silent.socket.pause();
  const [written, taken] = await writeUntilBlocked(silent, neighbour, framesOf(Buffer.alloc(64 * 1024, 'x')));
  t.true(taken > 0 && taken < MAX_TAKEN, `${taken} bytes were taken`);

  silent.socket.resume();
  silent.socket.end();
  t.is((await silent.ended).length, written);
  neighbour.close();
});

test('the agent stops reading behind a slow raw request, even while later requests complete', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/misbehaving-raw.ts'), ['--threads', '2']);
  const waiting = await dial(t, socketPath);
  const neighbour = await connectRaw(socketPath);
  waiting.socket.write(framesOf('wait 600000'));
  const [, taken] = await writeUntilBlocked(waiting, neighbour, framesOf(Buffer.alloc(64 * 1024, 'x')));
  t.true(taken > 0 && taken < MAX_TAKEN, `${taken} bytes were taken`);
  t.deepEqual(waiting.frames, []);
  neighbour.close();
});

test('many small requests with large unread replies take the memory of a few replies', async (t) => {
  const module = join(await tempDir(t), 'large.mjs');
  await writeFile(module, `export default () => new Uint8Array(${MIB}).fill(1);`);
  const { socketPath, event } = await holdAgent(t, module);
  const neighbour = await connectRaw(socketPath);
  await neighbour.request('first');
  const { pid } = await event('started');
  const before = residentBytes(pid);

  const silent = await dial(t, socketPath);
  silent.socket.pause();
  silent.socket.write(framesOf(...Array(800).fill('x')));
  // Threads take requests in order: the replies to the neighbour come after those to the started ones of the 800.
  for (let index = 0; index < 100; index += 1) await neighbour.request('next');
  const grown = residentBytes(pid) - before;
  t.true(grown < 400 * MIB, `${Math.round(grown / MIB)} MiB more than before`);
  neighbour.close();
});
