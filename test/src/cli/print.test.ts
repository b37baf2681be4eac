/** What print() writes arrives whole, also where the system does not take it at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { fixture } from '../../helpers/agent.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { runProgram } from '../../helpers/program.ts';
import { findPython } from '../../helpers/pythons.ts';
import '../../helpers/with-compile-cache.ts';

const PROGRAM = fixture('programs/print.ts');
const BYTES = 1_000_000;

test('text and bytes arrive in order', async (t) => {
  const { status, stdout, stderr } = await runProgram([process.execPath, PROGRAM, '3']);
  t.deepEqual([status, stdout.toString(), stderr], [0, 'xxxend\n', 'done\n']);
});

for (const isBlocking of [true, false]) {
  test(`a full pipe that ${isBlocking ? 'blocks' : 'does not block'} gets the rest when its reader reads`, async (t) => {
    const python = findPython()?.path;
    if (python === undefined) return notTested(t, 'Python sets the mode of a pipe');
    const script = `import os, sys; os.set_blocking(1, ${isBlocking ? 'True' : 'False'}); os.execv(sys.argv[1], sys.argv[1:])`;
    const child = spawn(python, ['-c', script, process.execPath, PROGRAM, String(BYTES)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    const errors = buffer(child.stderr);
    await once(child.stdout, 'readable');
    await wait(100);
    const output = await buffer(child.stdout);
    t.deepEqual(await exited, [0, null]);
    t.is(String(await errors), 'done\n');
    t.is(output.length, BYTES + 'end\n'.length);
    t.true(output.subarray(0, BYTES).every((byte) => byte === 'x'.charCodeAt(0)));
    t.is(output.subarray(BYTES).toString(), 'end\n');
  });
}
