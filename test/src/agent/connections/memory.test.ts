/** Clients that do not read, and frames that arrive in part, take the memory that --max-bytes gives them, and give it back. */
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectRpc, type RpcClient } from '../../../../src/client/rpc.ts';
import { type ControlClient, connectControl } from '../../../../src/control/client.ts';
import { frameHeader } from '../../../../wire/frame.ts';
import { holdAgent } from '../../../helpers/agent.ts';
import { dial } from '../../../helpers/frame-client.ts';
import { framesOf } from '../../../helpers/frame-server.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { until } from '../../../helpers/until.ts';

const KIB = 1024;
const MAX_BYTES = 1024 * KIB;
const MAX_FRAME = 4096 * KIB;
/** A reply that a thread may send without credit, of each of two threads. */
const UNASKED_BYTES = 2 * 4096 * KIB;
const LIMITS = ['--max-bytes', String(MAX_BYTES), '--max-frame', String(MAX_FRAME), '--max-reply', String(256 * KIB)];

type Rig = { neighbour: RpcClient; control: ControlClient; open(): Promise<Socket>; bytes(): Promise<number> };

async function start(t: ExecutionContext): Promise<Rig> {
  const module = join(await tempDir(t), 'large.mjs');
  await writeFile(module, `export const large = (bytes) => 'x'.repeat(bytes); export const short = (text) => text;`);
  const { socketPath, controlPath } = await holdAgent(t, module, ['--threads', '2', '--idle', '0', ...LIMITS]);
  const neighbour = await connectRpc(socketPath);
  t.is(await neighbour.call('short', ['first']), 'first');
  const control = await connectControl(controlPath);
  t.teardown(() => {
    neighbour.close();
    control.close();
  });
  return {
    neighbour,
    control,
    async open() {
      const { socket } = await dial(t, socketPath);
      return socket.pause();
    },
    async bytes() {
      return (await control.status()).bytes ?? Number.NaN;
    },
  };
}

const call = (method: string, params: readonly unknown[]): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

test('replies that clients do not read wait in their threads, and are sent when the clients read', async (t) => {
  const { open, bytes, control } = await start(t);
  const sockets = await Promise.all(Array.from({ length: 6 }, open));
  const requests = 20;
  for (const socket of sockets) socket.write(framesOf(...Array(requests).fill(call('large', [200 * KIB]))));
  let max = 0;
  // As soon as no more requests start, nothing changes any more.
  for (let [rounds, before] = [0, -1]; rounds < 50; ) {
    const { waiting } = await control.status();
    max = Math.max(max, await bytes());
    rounds = waiting === before ? rounds + 1 : 0;
    before = waiting ?? 0;
  }
  t.true(max > MAX_BYTES / 4 && max <= MAX_BYTES + UNASKED_BYTES, `${max} bytes`);
  const received = sockets.map((socket) => {
    const count = { bytes: 0 };
    socket.on('data', (chunk: Buffer) => {
      count.bytes += chunk.length;
    });
    socket.resume();
    return count;
  });
  await until(() => received.every((count) => count.bytes >= requests * 200 * KIB));
  await until(async () => (await bytes()) === 0);
  t.pass();
});

test('half frames take half of the memory, the oldest reads on, and others are answered', async (t) => {
  const { open, bytes, neighbour } = await start(t);
  const sockets: Socket[] = [];
  const half = Buffer.concat([frameHeader(MAX_FRAME), Buffer.alloc(MAX_FRAME / 2, ' ')]);
  for (let client = 0; client < 6; client += 1) {
    const socket = await open();
    sockets.push(socket);
    socket.write(half);
  }
  const [oldest] = sockets as [Socket];
  await until(async () => (await bytes()) >= half.length);
  t.is(await neighbour.call('short', ['neighbour']), 'neighbour');
  const held = await bytes();
  t.true(held <= MAX_BYTES / 2 + half.length, `${held} bytes`);
  // The oldest frame becomes whole, is answered, and the next one is read on.
  const answered = new Promise((resolve) => oldest.once('data', resolve));
  oldest.resume().write(Buffer.alloc(MAX_FRAME / 2, ' '));
  await answered;
  for (const socket of sockets) socket.destroy();
  await until(async () => (await bytes()) === 0);
  t.pass();
});
