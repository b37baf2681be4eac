/** Sockets are read, whatever the runtime offers for it. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Reading, readSocket } from '../../../../src/agent/connections/reading.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** A socket as the agent accepts them, and its client. */
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

/** Writes down what is read; the bytes go to `target` as long as there is one. */
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

test('what comes is handed over, and its end is heard', async (t) => {
  const { accepted, client } = await accept(t);
  const reading = recorder();
  const socket = readSocket(accepted, reading);
  t.not(socket, accepted);
  client.end('hello');
  await once(socket, 'end');
  t.deepEqual(reading.chunks, ['hello']);
});

test('it is handed over too where a handle cannot be given memory', async (t) => {
  const { accepted, client } = await accept(t);
  const { _handle: handle } = accepted as unknown as { _handle: object };
  Object.defineProperty(handle, 'useUserBuffer', { value: undefined });
  const reading = recorder();
  const socket = readSocket(accepted, reading);
  t.is(socket, accepted);
  client.end('hello');
  await once(socket, 'end');
  t.deepEqual(reading.chunks, ['hello']);
});

test('what has a target is read to it, and what is behind it is not', async (t) => {
  const { accepted, client } = await accept(t);
  const target = Buffer.alloc(4);
  const reading = recorder(target);
  const socket = readSocket(accepted, reading);
  client.end('hello');
  await once(socket, 'end');
  t.deepEqual([target.toString(), reading.filled, reading.chunks.join('')], ['hell', 4, 'o']);
});
