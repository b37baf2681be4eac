/** The connection limit, and the replies to rejected connections. */
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

const EMPTY = { connections: () => 0, unauthenticated: () => 0, canReply: () => true };

/** Connects to a server with these limits. Returns whether the client was admitted, the errors, and its input. */
async function connectTo(
  t: ExecutionContext,
  options: Partial<ConnectionLimitOptions>,
): Promise<{ admitted: boolean; rejected: LaunchpoolError[]; input: string }> {
  const rejected: LaunchpoolError[] = [];
  const connectionLimit = createConnectionLimit({
    max: 10,
    ...EMPTY,
    onRejected: (error) => rejected.push(error),
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
  client.write('an early request');
  let input = '';
  client.setEncoding('utf8').on('data', (text) => {
    input += text;
  });
  // A rejected client may be reset; only its input counts.
  client.on('error', () => undefined);
  await new Promise((resolve) => client.once('close', resolve));
  return { admitted, rejected, input };
}

test('connections up to the limit are admitted', async (t) => {
  const connections = (): number => 9;
  t.deepEqual(await connectTo(t, { connections, unauthenticated: () => 9 }), {
    admitted: true,
    rejected: [],
    input: '',
  });
});

test('a connection over the limit gets an error with a retry time', async (t) => {
  const { admitted, rejected, input } = await connectTo(t, { connections: () => 10 });
  t.false(admitted);
  const answer = JSON.parse(input.slice(4));
  t.like(answer, {
    id: null,
    error: { code: -32002, data: { code: 'ERR_LAUNCHPOOL_BUSY', retryable: true, data: { retryAfterMs: 1_000 } } },
  });
  t.like(rejected, [{ code: 'ERR_LAUNCHPOOL_BUSY', retryable: true }]);
});

test('a connection over the limit is closed without an error when the client could not read one', async (t) => {
  const { admitted, input } = await connectTo(t, { connections: () => 11, canReply: () => false });
  t.deepEqual({ admitted, input }, { admitted: false, input: '' });
});

test('connections before the handshake have their own limit, at most the connection limit', async (t) => {
  const others = { canReply: () => true, connections: () => MAX_UNAUTHENTICATED };
  t.true((await connectTo(t, { ...others, max: 1_000, unauthenticated: () => MAX_UNAUTHENTICATED - 1 })).admitted);
  t.regex(
    (await connectTo(t, { ...others, max: 1_000, unauthenticated: () => MAX_UNAUTHENTICATED })).input,
    /limit of 128 connections without a handshake/,
  );
  t.regex(
    (await connectTo(t, { max: 5, connections: () => 4, unauthenticated: () => 5 })).input,
    /limit of 5 connections without a handshake/,
  );
});
