/** Replies that the kernel does not take at once: they are counted, and none is lost at the end of the connection. */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UnreadReplies, writeFrames } from '../../../../src/agent/connections/writing.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const MIB = 1024 * 1024;

/** The agent's socket and its client's, which does not read yet. */
async function connectPair(t: ExecutionContext): Promise<{ socket: Socket; client: Socket }> {
  const path = join(await tempDir(t), 's');
  const server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, 'listening');
  const client = createConnection({ path, allowHalfOpen: true });
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [[Socket], unknown];
  t.teardown(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return { socket, client };
}

test('a client gets all replies, also those written just before the end, and they are counted until it has read them', async (t) => {
  const { socket, client } = await connectPair(t);
  const errors: unknown[] = [];
  socket.on('error', (error) => errors.push(error));
  let counted = 0;
  const account = {
    unreadReplies: new UnreadReplies(socket, {
      hold: (_kind, bytes) => {
        counted += bytes;
      },
    }),
  };
  const send = (bytes: number): boolean => writeFrames(socket, Buffer.alloc(bytes, 1), account, false);
  t.false(send(4 * MIB));
  t.false(send(4 * MIB));
  t.is(counted, socket.writableLength);
  let received = 0;
  let isEnded = false;
  client.on('data', (chunk: Buffer) => {
    received += chunk.length;
    // The first reply is taken, and the second one in part: another one follows, and the end.
    if (isEnded || socket.writableLength > 4 * MIB) return;
    isEnded = true;
    send(2 * MIB);
    socket.end();
  });
  await once(client, 'end');
  t.deepEqual([received, errors], [10 * MIB, []]);
  await new Promise((resolve) => (socket.writableFinished ? resolve(undefined) : socket.once('finish', resolve)));
  t.is(counted, 0);
});
