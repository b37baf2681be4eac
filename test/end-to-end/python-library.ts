/** examples/python/launchpool_client.py, with each Python that is here. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { notTested } from '../helpers/not-tested.ts';
import { runProgram } from '../helpers/program.ts';
import type { Python } from '../helpers/pythons.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/python', import.meta.url));
const MAX_LINES = 200;
const KEY = 'a key';
const WITH_KEY = `
import sys
sys.path.insert(0, sys.argv[1])
from launchpool_client import Agent
try:
    Agent(sys.argv[2], authkey=b"another key").call("add", 1, 2)
except Exception as error:
    print(type(error).__name__, end=" ")
with Agent(sys.argv[2], authkey=b"${KEY}") as agent:
    print(agent.call("add", 1, 2), list(agent.stream("count", 2)))
`;

/** Declares the tests, for each of these Pythons. */
export function libraryOf(pythons: readonly Python[]): void {
  test('the library is short', (t) => {
    t.true(readFileSync(join(EXAMPLES, 'launchpool_client.py'), 'utf8').split('\n').length < MAX_LINES);
  });

  const keyed = sharedAgent(fixture('agents/streaming.ts'), (folder) => {
    writeFileSync(join(folder, 'key'), KEY, { mode: 0o600 });
    return ['--authkey-file', join(folder, 'key'), '--handshake-timeout', '60'];
  });

  for (const { path: python, version } of pythons) {
    test.serial(`Python ${version}: the library knows a key`, async (t) => {
      const { status, stdout, stderr } = await runProgram([
        python,
        '-W',
        'error',
        '-c',
        WITH_KEY,
        EXAMPLES,
        await keyed(),
      ]);
      t.is(status, 0, stderr);
      t.is(stdout.toString(), 'AuthenticationError 3 [0, 1]\n');
    });

    test.serial(`Python ${version}: the library calls, streams, cancels and comes back`, async (t) => {
      if (process.platform !== 'linux') return notTested(t, 'the end of a process is read in /proc');
      t.timeout(120_000);
      const { socketPath } = await holdAgent(t, fixture('agents/streaming.ts'), ['--idle', '0.5', '--threads', '1']);
      const file = join(await tempDir(t), 'file');
      const program = fixture('python/library_client.py');
      const { status, stdout, stderr } = await runProgram([python, '-W', 'error', program, EXAMPLES, socketPath, file]);
      t.is(status, 0, stderr);
      t.deepEqual(JSON.parse(stdout.toString()), {
        call: 3,
        stream: [0, 1, 2],
        result: 2,
        array: [0, 1, 2],
        error: ['ERR_LAUNCHPOOL_METHOD_NOT_FOUND', 'LaunchpoolError', false],
        failing: [[0, 1], 'E_MORE'],
        left: 7,
        trace: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1' },
        untraced: null,
        timeout: 'ERR_LAUNCHPOOL_RUN_TIMEOUT',
        texts: 100_000,
        again: true,
        path: '/run/user/7/com.example.a.sock',
      });
      t.regex(
        readFileSync(file, 'utf8'),
        /^ERR_LAUNCHPOOL_CANCELLED, finally\n(ERR_LAUNCHPOOL_RUN_TIMEOUT, finally\n)+$/,
      );
    });
  }
}
