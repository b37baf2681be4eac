/** Python's own clients, with only its standard library, against real agents. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { fixture } from '../helpers/agent.ts';
import { runProgram } from '../helpers/program.ts';
import { findPython, type Python } from '../helpers/pythons.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';

const MIB = 1024 * 1024;
/** Python writes header and payload together up to 16384 bytes, and separately beyond. */
const SIZES = [0, 1, 16_384, 16_385, MIB, 64 * MIB];
const KEY = 'ein Schlüssel';
/** The first minor version with digests other than MD5. */
const FIRST_WITH_DIGESTS = 12;

function keyFlags(folder: string): string[] {
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });
  return ['--authkey-file', keyFile, '--handshake-timeout', '60'];
}

/** The output of a program under test/fixtures/python. */
async function python(t: ExecutionContext, { path }: Python, program: string, args: string[], input?: string) {
  const command = [path, fixture(`python/${program}`), ...args] as const;
  const { status, stdout, stderr } = await runProgram(command, input === undefined ? {} : { input });
  t.is(status, 0, stderr);
  return stdout.toString('utf8').trim();
}

/** Declares the tests, for each of these Pythons. */
export function clientsOf(pythons: readonly Python[]): void {
  const echo = sharedAgent(fixture('agents/echo.ts'));
  // With one thread the requests run in sequence, so that a superfluous reply cannot hide at the end.
  const rpc = sharedAgent(fixture('agents/misbehaving.ts'), () => ['--threads', '1']);
  const keyed = sharedAgent(fixture('agents/echo.ts'), keyFlags);
  const keyedWithoutMd5 = sharedAgent(fixture('agents/echo.ts'), (folder) => [...keyFlags(folder), '--no-md5']);

  async function rpcReplies(t: ExecutionContext, by: Python, messages: unknown[], replies: number): Promise<unknown[]> {
    const input = JSON.stringify(messages);
    return JSON.parse(await python(t, by, 'rpc_client.py', [await rpc(), String(replies)], input));
  }

  test('a Python is installed', (t) => {
    t.log(pythons.map(({ version }) => version).join(', '));
    t.not(findPython(), undefined);
  });

  for (const by of pythons) {
    const name = `Python ${by.version}`;

    test.serial(`${name}: payloads of every size are returned unchanged`, async (t) => {
      const results = JSON.parse(await python(t, by, 'echo_client.py', [await echo(), ...SIZES.map(String)]));
      const expected = SIZES.map((size) => ({ size, same: true }));
      t.deepEqual(results, expected);
    });

    test.serial(`${name}: one byte over 64 MiB ends that connection and no other`, async (t) => {
      const { outcome, served } = JSON.parse(
        await python(t, by, 'refused_client.py', [await echo(), String(64 * MIB + 1)]),
      );
      // The agent reads and drops the rest of the frame for five seconds. A client that writes for longer gets the other errors.
      t.true(['EOFError', 'BrokenPipeError', 'ConnectionResetError'].includes(outcome), outcome);
      t.deepEqual(served, ['before', 'after', 'new']);
    });

    test.serial(`${name}: a ConnectionWrapper with JSON makes a call`, async (t) => {
      const call = { jsonrpc: '2.0', id: 'ä', method: 'add', params: [1, 2] };
      t.deepEqual(await rpcReplies(t, by, [call], 1), [{ jsonrpc: '2.0', id: 'ä', result: 3 }]);
    });

    test.serial(`${name}: a batch gets one array as its reply`, async (t) => {
      const batch = [
        { jsonrpc: '2.0', id: 1, method: 'add', params: [1, 2] },
        { jsonrpc: '2.0', method: 'nothing' },
        { jsonrpc: '2.0', id: 2, method: 'nothing' },
      ];
      const [replies] = await rpcReplies(t, by, [batch], 1);
      t.deepEqual(replies, [
        { jsonrpc: '2.0', id: 1, result: 3 },
        { jsonrpc: '2.0', id: 2, result: null },
      ]);
    });

    test.serial(`${name}: a notification gets no reply, even if it fails`, async (t) => {
      const messages = [
        { jsonrpc: '2.0', method: 'fail', params: ['unheard'] },
        { jsonrpc: '2.0', id: 7, method: 'sync', params: ['call'] },
      ];
      t.deepEqual(await rpcReplies(t, by, messages, 1), [{ jsonrpc: '2.0', id: 7, result: 'call' }]);
    });

    test.serial(`${name}: a handler's error arrives as a JSON-RPC error`, async (t) => {
      const call = { jsonrpc: '2.0', id: 1, method: 'fail', params: ['too far'] };
      const [reply] = await rpcReplies(t, by, [call], 1);
      t.like(reply, {
        id: 1,
        error: { code: -32000, message: 'too far', data: { code: 'E_TEST', name: 'RangeError', data: { at: 7 } } },
      });
    });

    test.serial(`${name}: send() gets an error that names send_bytes(), and the connection goes on`, async (t) => {
      const [pickled, plain] = JSON.parse(await python(t, by, 'pickle_client.py', [await rpc()]));
      t.like(pickled, { id: null, error: { code: -32700, data: { code: 'ERR_LAUNCHPOOL_PICKLE' } } });
      t.regex(pickled.error.data.hint, /send_bytes/);
      t.like(plain, { id: 1, result: 3 });
    });

    test.serial(`${name}: the right authkey is accepted`, async (t) => {
      t.is(await python(t, by, 'key_client.py', [await keyed(), KEY]), 'hello');
    });

    test.serial(`${name}: a wrong authkey is an AuthenticationError, without waiting for the deadline`, async (t) => {
      t.is(await python(t, by, 'key_client.py', [await keyed(), `${KEY}\n`]), 'AuthenticationError');
    });

    test.serial(
      `${name}: a client without the authkey gets the handshake and the end of the connection only`,
      async (t) => {
        const { frames, end } = JSON.parse(await python(t, by, 'keyless_client.py', [await keyed()]));
        t.is(end, 'EOFError');
        t.is(frames.length, 2);
        t.regex(frames[0], /^#CHALLENGE#\{sha256\}/);
        t.is(frames[1], '#FAILURE#');
      },
    );

    const knowsDigests = Number(by.version.split('.')[1]) >= FIRST_WITH_DIGESTS;
    test.serial(
      `${name}: --no-md5 ${knowsDigests ? 'lets it in' : 'refuses it with an AuthenticationError'}`,
      async (t) => {
        const outcome = await python(t, by, 'key_client.py', [await keyedWithoutMd5(), KEY]);
        t.is(outcome, knowsDigests ? 'hello' : 'AuthenticationError');
      },
    );
  }
}
