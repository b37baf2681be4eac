/** How many may be connected, and what those hear that are too many. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type ConnectionLimitOptions,
  createConnectionLimit,
  MAX_UNAUTHENTICATED,
} from '../../../../src/agent/connections/connection-limit.ts';
import type { LaunchpoolError } from '../../../../wire/errors.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const LONG_AGO = { connections: () => 0, unauthenticated: () => 0, speaks: () => true };

/** Connects to a crowd that is as the test says, and says whether one was admitted, and what it heard. */
async function knock(
  t: ExecutionContext,
  options: Partial<ConnectionLimitOptions>,
): Promise<{ admitted: boolean; received: LaunchpoolError[]; heard: string }> {
  const received: LaunchpoolError[] = [];
  const connectionLimit = createConnectionLimit({
    max: 10,
    ...LONG_AGO,
    onRejected: (error) => received.push(error),
    ...options,
  });
  const path = join(await tempDir(t), 'a.sock');
  let admitted = false;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket: Socket) => {
    admitted = connectionLimit.admit(socket);
    if (admitted) socket.end();
  }).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const client = connect(path);
  client.write('a request that is on its way');
  let heard = '';
  client.setEncoding('utf8').on('data', (text) => {
    heard += text;
  });
  // One that is turned away may be cut off; what it has been told is what counts.
  client.on('error', () => undefined);
  await new Promise((resolve) => client.once('close', resolve));
  return { admitted, received, heard };
}

test('up to the most, everybody is admitted', async (t) => {
  const connections = (): number => 9;
  t.deepEqual(await knock(t, { connections, unauthenticated: () => 9 }), { admitted: true, received: [], heard: '' });
});

test('one too many is told when to ask again, where it can be told', async (t) => {
  const { admitted, received, heard } = await knock(t, { connections: () => 10 });
  t.false(admitted);
  const answer = JSON.parse(heard.slice(4));
  t.like(answer, {
    id: null,
    error: { code: -32002, data: { code: 'ERR_LAUNCHPOOL_BUSY', retryable: true, data: { retryAfterMs: 1_000 } } },
  });
  t.like(received, [{ code: 'ERR_LAUNCHPOOL_BUSY', retryable: true }]);
});

test('one too many gets just the end where nobody could read more', async (t) => {
  const { admitted, heard } = await knock(t, { connections: () => 11, speaks: () => false });
  t.deepEqual({ admitted, heard }, { admitted: false, heard: '' });
});

test('those who have not passed the handshake have a bound of their own, which is never higher than the other', async (t) => {
  const quiet = { speaks: () => true, connections: () => MAX_UNAUTHENTICATED };
  t.true((await knock(t, { ...quiet, max: 1_000, unauthenticated: () => MAX_UNAUTHENTICATED - 1 })).admitted);
  t.regex(
    (await knock(t, { ...quiet, max: 1_000, unauthenticated: () => MAX_UNAUTHENTICATED })).heard,
    /128 connections have not/,
  );
  t.regex((await knock(t, { max: 5, connections: () => 4, unauthenticated: () => 5 })).heard, /5 connections have not/);
});
