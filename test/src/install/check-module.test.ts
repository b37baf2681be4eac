/** The check of a module: it ends with the module's process, whatever other processes the module has started. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type CheckModule, checkModule } from '../../../src/install/check-module.ts';
import { fixture } from '../../helpers/agent.ts';
import { startProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/with-compile-cache.ts';

const CHECK = join(import.meta.dirname, '..', '..', '..', 'boot', 'check.ts');

type Bench = {
  check: CheckModule;
  /** Resolves when the process that `setup` starts is up. */
  isUp: Promise<Socket>;
  /** Resolves when that process has ended. */
  hasEnded: Promise<unknown>;
};

/**
 * @param detached whether the process that `setup` starts leaves the process group.
 * @param afterwards what `setup` does when that process is up.
 */
async function createBench(t: ExecutionContext, detached: boolean, afterwards = ''): Promise<Bench> {
  t.timeout(120_000);
  const folder = await tempDir(t);
  const path = join(folder, 's');
  const server = createServer().listen(path);
  await once(server, 'listening');
  // This connection ends with the helper, and the helper with this connection.
  const isUp = once(server, 'connection').then(([socket]: Socket[]) => (socket as Socket).resume());
  t.teardown(() => {
    server.close();
    void isUp.then((socket) => socket.destroy());
  });
  const helper = `
    const socket = require('node:net').connect(${JSON.stringify(path)}, () => process.send('up'));
    socket.resume().on('close', () => process.exit());`;
  const module = join(folder, 'agent.mjs');
  writeFileSync(
    module,
    `import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { writeSync } from 'node:fs';
    export const hello = () => 1;
    export async function setup() {
      const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
      const helper = spawn(process.execPath, ['-e', ${JSON.stringify(helper)}], { stdio, detached: ${detached} });
      await once(helper, 'message');
      ${afterwards}
    }`,
  );
  return {
    check: {
      node: process.execPath,
      program: CHECK,
      module,
      env: process.env,
      workingDirectory: folder,
      timeoutMs: 600_000,
    },
    isUp,
    hasEnded: isUp.then((socket) =>
      once(
        socket.on('error', () => undefined),
        'close',
      ),
    ),
  };
}

test('a process that setup has started, and that has the output open, ends with the check', async (t) => {
  const { check, hasEnded } = await createBench(t, false);
  t.deepEqual(await checkModule(check), { kind: 'rpc', methods: ['hello'] });
  await hasEnded;
});

test('the check does not wait for a daemon that has the output open', async (t) => {
  const { check } = await createBench(t, true);
  t.deepEqual(await checkModule(check), { kind: 'rpc', methods: ['hello'] });
});

test('the check does not wait for the exit of a process that has answered', async (t) => {
  const { check } = await createBench(t, false);
  const program = join(check.workingDirectory, 'never-exits.mjs');
  writeFileSync(program, `process.send({ kind: 'rpc', methods: ['hello'] }, () => { for (;;); });`);
  t.deepEqual(await checkModule({ ...check, program }), { kind: 'rpc', methods: ['hello'] });
});

test('the check does not wait for the processes of a module that ends its process, and the error has its output', async (t) => {
  const { check } = await createBench(t, true, `writeSync(2, 'last words'); process.kill(process.pid);`);
  const error = await t.throwsAsync(checkModule(check), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' });
  t.regex(error?.message ?? '', /\(signal SIGTERM\): last words/);
});

test('a setup that is not complete in time is ended', async (t) => {
  const { check } = await createBench(t, false, 'await new Promise(() => undefined);');
  await t.throwsAsync(checkModule({ ...check, timeoutMs: 100 }), { code: 'ERR_LAUNCHPOOL_LOAD_TIMEOUT' });
});

test('a check ends with the process that makes it', async (t) => {
  const { check, isUp, hasEnded } = await createBench(t, false, 'for (;;);');
  const program = startProgram(t, [process.execPath, fixture('programs/check-module.ts'), check.module, check.program]);
  await isUp;
  program.signal('SIGINT');
  t.is(await program.ended, 'SIGINT');
  await hasEnded;
});
