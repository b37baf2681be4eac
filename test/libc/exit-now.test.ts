/** The end of a process that does not wait for its threads. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { tempDir } from '../helpers/temp-dir.ts';

const EXIT_NOW = JSON.stringify(resolve(import.meta.dirname, '..', '..', 'libc', 'exit-now.ts'));

type Ended = { status: number | null; signal: string | null; stdout: string };

function runProgram(code: string, cwd: string, nodeFlags: string[] = [], env: NodeJS.ProcessEnv = {}): Ended {
  const program = `import { exitAtOnce } from ${EXIT_NOW};\n${code}`;
  return spawnSync(process.execPath, [...nodeFlags, '--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd,
    env: { ...process.env, ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
}

test('the process ends with the status, beside a thread that never ends', async (t) => {
  const folder = await tempDir(t);
  execFileSync('mkfifo', ['pipe'], { cwd: folder });
  const code = `
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    // Opening a pipe without a writer blocks in the system call.
    const blocks = \`
      const { parentPort } = process.getBuiltinModule('node:worker_threads');
      parentPort.postMessage('blocks');
      process.getBuiltinModule('node:fs').openSync('pipe');\`;
    await once(new Worker(blocks, { eval: true }), 'message');
    exitAtOnce(7);`;
  const { status, signal } = runProgram(code, folder);
  t.deepEqual({ status, signal }, { status: 7, signal: null });
});

test('the listeners of `exit` are called first, also one that throws', async (t) => {
  const code = `
    process.on('exit', (status) => { process.stdout.write('left with ' + status); throw new Error('from a listener'); });
    exitAtOnce(3);`;
  const { status, stdout } = runProgram(code, await tempDir(t));
  t.deepEqual({ status, stdout }, { status: 3, stdout: 'left with 3' });
});

test('what Node writes at the end of a process is written', async (t) => {
  const folder = await tempDir(t);
  const profiled = runProgram('exitAtOnce(4);', folder, ['--cpu-prof']);
  t.is(profiled.status, 4);
  t.true(readdirSync(folder).some((name) => name.endsWith('.cpuprofile')));
  t.is(runProgram('exitAtOnce(5);', folder, [], { NODE_V8_COVERAGE: join(folder, 'coverage') }).status, 5);
  t.true(existsSync(join(folder, 'coverage')));
  const cached = runProgram('exitAtOnce(6);', folder, [], { NODE_COMPILE_CACHE: join(folder, 'cache') });
  t.is(cached.status, 6);
  t.true(existsSync(join(folder, 'cache')));
});
