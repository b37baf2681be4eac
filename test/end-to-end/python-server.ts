/** launchpool's clients against Python's own Listener, with only its standard library. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connect, connectRaw } from '../../src/client/index.ts';
import { fixture } from '../helpers/agent.ts';
import { startProgram } from '../helpers/program.ts';
import { findPython, type Python } from '../helpers/pythons.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const MIB = 1024 * 1024;
const SIZES = [0, 1, 16_384, 16_385, MIB, 64 * MIB];
const KEY = 'ein Schlüssel';
/** The first minor version with digests other than MD5. */
const FIRST_WITH_DIGESTS = 12;

/** Of a length that no chunk divides: a misplaced chunk changes the result. */
const block = randomBytes(1_000_003);

/** Starts a program under test/fixtures/python; returns the path of its socket. */
async function listening(t: ExecutionContext, { path }: Python, program: string, ...args: string[]): Promise<string> {
  const socketPath = join(await tempDir(t), 'p.sock');
  const server = startProgram(t, [path, fixture(`python/${program}`), socketPath, ...args]);
  await server.stderr(/listening/);
  return socketPath;
}

/** Declares the tests, for each of these Pythons. */
export function listenersOf(pythons: readonly Python[]): void {
  test('a Python is installed', (t) => {
    t.log(pythons.map(({ version }) => version).join(', '));
    t.not(findPython(), undefined);
  });

  for (const by of pythons) {
    const name = `Python ${by.version}`;

    test.serial(`${name}: payloads of every size are returned unchanged`, async (t) => {
      await using client = await connectRaw(await listening(t, by, 'echo_server.py'));
      for (const size of SIZES) {
        const payload = Buffer.alloc(size, block);
        const reply = await client.request(payload);
        t.is(reply.length, size);
        t.true(reply.equals(payload));
      }
    });

    test.serial(`${name}: the right authkey is accepted`, async (t) => {
      const options = { authkey: KEY };
      await using client = await connectRaw(await listening(t, by, 'echo_server.py', KEY), options);
      t.is((await client.request('hello')).toString(), 'hello');
    });

    test.serial(`${name}: a wrong authkey is refused`, async (t) => {
      const socketPath = await listening(t, by, 'echo_server.py', KEY);
      await t.throwsAsync(connectRaw(socketPath, { authkey: 'another' }), { code: 'ERR_LAUNCHPOOL_AUTH_FAILED' });
    });

    test.serial(`${name}: without the authkey, the error of a request says that a key is required`, async (t) => {
      await using client = await connectRaw(await listening(t, by, 'echo_server.py', KEY));
      await t.throwsAsync(client.request('hello'), { code: 'ERR_LAUNCHPOOL_AUTH_REQUIRED' });
    });

    test.serial(`${name}: an authkey that the other side does not expect ends with the deadline`, async (t) => {
      const socketPath = await listening(t, by, 'echo_server.py');
      await t.throwsAsync(connectRaw(socketPath, { authkey: KEY, handshakeMs: 100 }), {
        code: 'ERR_LAUNCHPOOL_AUTH_TIMEOUT',
      });
    });

    const knowsDigests = Number(by.version.split('.')[1]) >= FIRST_WITH_DIGESTS;
    test.serial(`${name}: without MD5 it is ${knowsDigests ? 'accepted' : 'refused'}`, async (t) => {
      const socketPath = await listening(t, by, 'echo_server.py', KEY);
      const connecting = connectRaw(socketPath, { authkey: KEY, md5: false });
      if (!knowsDigests) {
        await t.throwsAsync(connecting, { code: 'ERR_LAUNCHPOOL_AUTH_DIGEST' });
        return;
      }
      await using client = await connecting;
      t.is((await client.request('hello')).toString(), 'hello');
    });

    test.serial(`${name}: a Listener that answers JSON-RPC is called like an agent`, async (t) => {
      type Methods = { rot13: (text: string) => string };
      await using agent = await connect<Methods>(await listening(t, by, 'rpc_server.py'));
      t.deepEqual(await Promise.all([agent.rot13('uryyb'), agent.rot13('jbeyq')]), ['hello', 'world']);
    });

    test.serial(`${name}: an error of a Listener keeps its code, message and data`, async (t) => {
      type Methods = { other: () => string };
      await using agent = await connect<Methods>(await listening(t, by, 'rpc_server.py'));
      const error = await t.throwsAsync(agent.other());
      t.like(error, { code: -32601, message: 'no such method', data: { asked: 'other' }, remote: true });
    });
  }
}
