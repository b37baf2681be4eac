/** Whole programs that use the clients: when they stay alive, when they end, and that every rejection is caught. */
import { join } from 'node:path';
import test from 'ava';
import { encodeResult } from '../../../wire/json-rpc.ts';
import { fixture } from '../../helpers/agent.ts';
import { serveFrames } from '../../helpers/frame-server.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/with-compile-cache.ts';

const CHALLENGE = `#CHALLENGE#{sha256}${'x'.repeat(40)}`;

/** The delay of a reply: a program that is not kept alive ends within it. */
const REPLY_MS = 200;

test('a program waits for its replies, and ends without close() when no call is open', async (t) => {
  const raw = await serveFrames(t, (payload, peer) => {
    if (payload.toString() === 'raw') setTimeout(() => peer.send(payload), REPLY_MS);
  });
  const rpc = await serveFrames(t, (payload, peer) => {
    const { id, method } = JSON.parse(payload.toString());
    if (method === 'hello') setTimeout(() => peer.send(encodeResult(id, 'rpc')), REPLY_MS);
  });
  const program = fixture('programs/client-idle.ts');
  const { status, stdout, stderr } = await runProgram([process.execPath, program, raw.path, rpc.path]);
  t.is(stdout.toString(), 'raw rpc');
  t.is(stderr, '');
  t.is(status, 0);
});

test('every rejection can be caught at its call, and none is unhandled', async (t) => {
  const raw = await serveFrames(t, (payload, { socket }) => {
    if (payload.toString() === 'disconnect') socket.destroy();
  });
  const rpc = await serveFrames(t, (payload, { socket }) => {
    if (JSON.parse(payload.toString()).method === 'disconnect') socket.destroy();
  });
  const keyed = await serveFrames(t, undefined, (peer) => peer.send(CHALLENGE));
  const missing = join(await tempDir(t), 'none.sock');
  const program = fixture('programs/client-rejections.ts');
  const paths = [raw.path, rpc.path, keyed.path, missing];
  const { status, stdout, stderr } = await runProgram([process.execPath, program, ...paths]);
  t.is(stderr, '');
  t.deepEqual(JSON.parse(stdout.toString()), {
    ERR_LAUNCHPOOL_CALL_TIMEOUT: 2,
    ENOUGH: 100,
    ERR_LAUNCHPOOL_CONNECTION_CLOSED: 7,
    ERR_LAUNCHPOOL_AUTH_REQUIRED: 1,
    ERR_LAUNCHPOOL_AUTH_TIMEOUT: 1,
    ERR_LAUNCHPOOL_CONNECT_FAILED: 1,
  });
  t.is(status, 0);
});
