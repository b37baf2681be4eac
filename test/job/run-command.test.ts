/** runCommand returns exit status and output for every way a program can end. */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import test from 'ava';
import { commandFailed, createRunCommand, runCommand, runCommandBlocking } from '../../job/run-command.ts';
import { isAlive } from '../helpers/activator.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const shell = (script: string): [string, ...string[]] => ['/bin/sh', '-c', script];

for (const [how, run] of [
  ['in the background', runCommand],
  ['blocking', runCommandBlocking],
] as const) {
  test(`${how}: status, standard output and standard error are returned`, async (t) => {
    t.deepEqual(await run(shell('echo out; echo err >&2; exit 3')), { status: 3, stdout: 'out', stderr: 'err' });
    t.deepEqual(await run(shell(':')), { status: 0, stdout: '', stderr: '' });
  });

  test(`${how}: a missing program is 127`, async (t) => {
    t.like(await run([join(await tempDir(t), 'missing')]), { status: 127, stdout: '' });
    t.like(await run(['launchpool-no-such-program']), { status: 127 });
  });

  test(`${how}: a program that cannot be executed is -1`, async (t) => {
    t.is((await run([await tempDir(t)])).status, -1);
  });

  test(`${how}: a program that a signal ends is -1`, async (t) => {
    t.is((await run(shell('kill -TERM $$'))).status, -1);
  });

  test(`${how}: output that is not UTF-8 is decoded with replacement characters`, async (t) => {
    const { status, stdout, stderr } = await run(shell("printf 'a\\377b\\303'; printf '\\200' >&2"));
    t.deepEqual([status, stdout, stderr], [0, 'a\ufffdb\ufffd', '\ufffd']);
  });

  test(`${how}: a program runs in the C locale and without input`, async (t) => {
    t.is((await run(shell('echo $LC_ALL; cat'))).stdout, 'C');
  });
}

test('a program that exceeds the timeout is ended and is -1', async (t) => {
  const started = performance.now();
  const { status, stdout } = await createRunCommand(300)(shell('echo $$; exec sleep 60'));
  t.is(status, -1);
  t.true(performance.now() - started < 50_000);
  t.false(isAlive(Number(stdout)));
});

test('the error of a command has its output, or the exit status only', (t) => {
  const command = ['/bin/a', 'b'] as const;
  const error = commandFailed(command, { status: 5, stdout: 'out', stderr: 'why\n' }, 'Do this.');
  t.is(error.code, 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED');
  t.is(error.message, '/bin/a b: exit status 5, why');
  t.is(error.hint, 'Do this.');
  t.deepEqual(error.data, { status: 5, stderr: 'why' });
  t.is(commandFailed(command, { status: 1, stdout: 'out\n', stderr: '' }).message, '/bin/a b: exit status 1, out');
  t.is(commandFailed(command, { status: 1, stdout: '', stderr: '' }).message, '/bin/a b: exit status 1');
});
