/** Reading sockets, with and without the undocumented buffer interface. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Reading, readSocket } from '../../../../src/agent/connections/reading.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** Returns a socket with the agent's options, and its client. */
async function accept(t: ExecutionContext): Promise<{ accepted: Socket; client: Socket }> {
  const path = join(await tempDir(t), 's');
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const client = connect(path);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  return { accepted, client };
}

/** Records the chunks; bytes go to `target` until it is full. */
function recorder(target?: Buffer): Reading & { chunks: string[]; filled: number } {
  return {
    chunks: [],
    filled: 0,
    onChunk(chunk) {
      this.chunks.push(chunk.toString());
    },
    onFilled(bytes) {
      this.filled += bytes;
    },
    target() {
      return target !== undefined && this.filled < target.length ? target.subarray(this.filled) : undefined;
    },
  };
}

test('chunks are passed on, and the end is an event', async (t) => {
  const { accepted, client } = await accept(t);
  const reading = recorder();
  const { socket } = readSocket(accepted, reading, { readsShort: false });
  t.not(socket, accepted);
  client.end('hello');
  await once(socket, 'end');
  t.deepEqual(reading.chunks, ['hello']);
});

test('chunks are passed on without the buffer interface', async (t) => {
  const { accepted, client } = await accept(t);
  const { _handle: handle } = accepted as unknown as { _handle: object };
  Object.defineProperty(handle, 'useUserBuffer', { value: undefined });
  const reading = recorder();
  const { socket } = readSocket(accepted, reading, { readsShort: false });
  t.is(socket, accepted);
  client.end('hello');
  await once(socket, 'end');
  t.deepEqual(reading.chunks, ['hello']);
});

test('bytes are read to the target until it is full', async (t) => {
  const { accepted, client } = await accept(t);
  const target = Buffer.alloc(4);
  const reading = recorder(target);
  const { socket } = readSocket(accepted, reading, { readsShort: false });
  client.end('hello');
  await once(socket, 'end');
  t.deepEqual([target.toString(), reading.filled, reading.chunks.join('')], ['hell', 4, 'o']);
});
