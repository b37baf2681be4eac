/** Failing installations: the error names the step, the reason and a remedy, and everything is restored. */
import { once } from 'node:events';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { InstallOptions } from '../../../src/installed/install-options.ts';
import { fixture } from '../../helpers/agent.ts';
import { ask, createInstallBench, type InstallBench, type Kind, moduleOf } from '../../helpers/install-bench.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { freePort } from '../../helpers/ports.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { needTool } from '../../helpers/tools.ts';

type Fault = {
  what: string;
  kinds: readonly Kind[];
  step: string;
  /** A match for the message or the hint. */
  names: RegExp;
  /** Causes the fault. Returns options for the installation. */
  cause(t: ExecutionContext, bench: InstallBench): Promise<Partial<InstallOptions>>;
};

const FAULTS: readonly Fault[] = [
  {
    what: 'a module that does not load',
    kinds: ['launchd', 'embedded'],
    step: 'module',
    names: /this one does not/,
    async cause(_t, { write }) {
      await write(`throw new Error('this one does not'); export const version = (): number => 2;`);
      return {};
    },
  },
  {
    what: 'a module that kills its process while it loads',
    kinds: ['embedded'],
    step: 'module',
    names: /SIGKILL/,
    async cause(_t, { write }) {
      await write(`process.kill(process.pid, 'SIGKILL'); export const version = (): number => 2;`);
      return {};
    },
  },
  {
    what: 'a TCP port in use',
    kinds: ['launchd', 'systemd'],
    step: 'load',
    names: /127\.0\.0\.1:\d+/,
    async cause(t, { write }) {
      await write(moduleOf(2));
      return { tcp: `127.0.0.1:${await takenPort(t)}`, agent: { 'authkey-file': await keyFile(t) } };
    },
  },
  {
    what: 'a TCP address with a supervisor that has none',
    kinds: ['embedded'],
    step: 'verify',
    names: /\[::1\]:\d+/,
    async cause(t, { write }) {
      await write(moduleOf(2));
      const port = await freePort('::1');
      return { tcp: `[::1]:${port}`, agent: { 'authkey-file': await keyFile(t) } };
    },
  },
  {
    what: 'a key that other users can read',
    kinds: ['embedded'],
    step: 'begin',
    names: /chmod 600/,
    async cause(t, { write }) {
      await write(moduleOf(2));
      const key = await keyFile(t);
      await chmod(key, 0o640);
      return { agent: { 'authkey-file': key } };
    },
  },
  {
    what: 'a key that cannot be made',
    kinds: ['embedded'],
    step: 'files',
    names: /no-such-folder/,
    async cause(t, { write }) {
      await write(moduleOf(2));
      return { agent: { 'authkey-file': join(await tempDir(t), 'no-such-folder', 'key') } };
    },
  },
];

for (const { what, kinds, step, names, cause } of FAULTS) {
  for (const kind of kinds) {
    test.serial(`${kind}: ${what} fails at "${step}", and nothing is installed`, async (t) => {
      const bench = await createInstallBench(t, kind);
      if (bench === undefined) return;
      const before = bench.traces();
      const error = await bench.failure(t, await cause(t, bench));
      t.is(error.data.step, step);
      t.regex(`${error.message} ${error.hint}`, names);
      t.deepEqual(bench.traces(), before);
    });

    test.serial(`${kind}: ${what} fails at "${step}", and the installed agent keeps answering`, async (t) => {
      const bench = await createInstallBench(t, kind);
      if (bench === undefined) return;
      const { socket } = await bench.install();
      t.is(await ask(socket, 'version'), 1);
      const before = bench.traces();
      const error = await bench.failure(t, await cause(t, bench));
      t.is(error.data.step, step);
      t.deepEqual(bench.traces(), before);
      t.is(await ask(socket, 'version'), 1);
      await bench.write(moduleOf(1));
      t.is((await bench.install()).outcome, 'unchanged');
    });
  }
}

for (const [what, step, pathOf] of [
  ['the folder of its label', 'program', ({ layout }) => layout.folder],
  ['the folder of all labels', 'program', ({ layout }) => dirname(layout.folder)],
  ['the folder of launchd’s jobs', 'program', ({ home }) => join(home, 'Library', 'LaunchAgents')],
  ['its plist', 'files', ({ home, options }) => join(home, 'Library', 'LaunchAgents', `${options.label}.plist`)],
  ['its link', 'files', ({ layout }) => layout.current],
] as const satisfies readonly (readonly [string, string, (bench: InstallBench) => string])[]) {
  test.serial(`launchd: another file at the path of ${what} fails at "${step}", and stays`, async (t) => {
    const bench = await createInstallBench(t, 'launchd');
    if (bench === undefined) return;
    const path = pathOf(bench);
    // A file in place of a folder, and a folder in place of a file.
    const isFolder = !path.endsWith('.plist') && path !== bench.layout.current;
    await mkdir(isFolder ? dirname(path) : join(path, 'full'), { recursive: true });
    if (isFolder) await writeFile(path, 'mine');
    const before = bench.traces();
    const error = await bench.failure(t);
    t.is(error.data.step, step);
    t.true(`${error.message} ${error.hint}`.includes(path), `${error.message} ${error.hint}`);
    t.deepEqual(bench.traces(), before);
    await rm(path, { recursive: true });
    t.is(await ask((await bench.install()).socket, 'version'), 1);
  });
}

type ReceivedMessage = {
  before: string[];
  after: string[];
  error: { code: string; message: string; hint: string; data: { step: string } };
  answer: number | undefined;
};

for (const [fault, code, names] of [
  ['full', 'ENOSPC', /disk is full/],
  ['read-only', 'EROFS', /[Nn]ot writable/],
] as const) {
  for (const when of ['first', 'later'] as const) {
    test.serial(
      `a disk that is ${fault} during ${when === 'first' ? 'the first installation' : 'an upgrade'}`,
      async (t) => {
        t.timeout(120_000);
        if (needTool(t, 'unshare') === undefined) return;
        if (process.getuid?.() !== 0) {
          notTested(t, 'mounting a file system needs root');
          return;
        }
        const [disk, parked] = [await tempDir(t), await tempDir(t)];
        // A separate mount namespace: its mounts end with the process.
        const program = fixture('programs/install-on-disk.ts');
        const { stdout, stderr } = await runProgram([
          'unshare',
          '-m',
          process.execPath,
          program,
          ...[fault, when, disk, parked],
        ]);
        t.is(stderr.replaceAll(/^\{.*\}\n/gm, ''), '');
        const { before, after, error, answer }: ReceivedMessage = JSON.parse(stdout.toString());
        t.is(error.data.step, 'program');
        t.is(error.code, 'ERR_LAUNCHPOOL_INSTALL_FAILED');
        t.regex(error.message, new RegExp(`${code}|no space left|read-only`));
        t.regex(error.hint, names);
        t.deepEqual(after, before);
        t.is(answer, when === 'first' ? undefined : 1);
      },
    );
  }
}

async function keyFile(t: ExecutionContext): Promise<string> {
  const path = join(await tempDir(t), 'key');
  await writeFile(path, 'secret', { mode: 0o600 });
  return path;
}

/** A port at which another program listens. */
async function takenPort(t: ExecutionContext): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}
