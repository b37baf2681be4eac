/** The launchd double behaves as launchd is documented: sockets, processes and their check-in. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { encodeTextFrame } from '../../wire/frame.ts';
import { isAlive } from '../helpers/activator.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import {
  createBench,
  isUp,
  LABEL,
  logOf,
  onLinux,
  python,
  shell,
  socketsOf,
  TARGET,
  until,
} from '../helpers/launchd/bench.ts';
import { freePort } from '../helpers/ports.ts';

/** Sends its process id to one connection. */
const ANSWER = python('import os,socket; c,_=socket.socket(fileno=3).accept(); c.sendall(b"%d" % os.getpid())');

onLinux('a socket gets the mode of its key, or of the umask, and replaces an old file', async (t) => {
  const bench = await createBench(t);
  writeFileSync(bench.socketPath, '');
  const bare = `${bench.socketPath}2`;
  t.is((await bench.load({ Sockets: { ...socketsOf(bench), Control: { SockPathName: bare } } })).status, 0);
  t.is(statSync(bench.socketPath).mode & 0o7777, 0o600);
  t.is(statSync(bare).mode & 0o7777, 0o700);
});

onLinux('a socket that cannot be bound is left out without an error', async (t) => {
  const { home, load } = await createBench(t);
  const [orphan, long] = [join(home, 'none', 'a.sock'), join(home, 'x'.repeat(103 - home.length))];
  const { status } = await load({ Sockets: { Listeners: { SockPathName: orphan }, Control: { SockPathName: long } } });
  t.is(status, 0);
  t.false(existsSync(orphan) || existsSync(long));
});

onLinux('a port of the loopback interface can be a socket', async (t) => {
  const port = await freePort('127.0.0.1');
  const { load, launchd } = await createBench(t);
  const Listeners = [{ SockNodeName: '127.0.0.1', SockServiceName: String(port) }];
  t.is((await load({ ProgramArguments: ANSWER, Sockets: { Listeners } })).status, 0);
  const pid = await text(connect(port, '127.0.0.1'));
  t.is(Number(pid), (await launchd.reached('spawned', 1)).pid);
});

onLinux('a job starts on the first connection, and again on the next one', async (t) => {
  const bench = await createBench(t);
  await bench.load({ ProgramArguments: ANSWER, Sockets: socketsOf(bench), ThrottleInterval: 1 });
  t.like(await bench.printed(), { state: 'not running', pid: undefined, lastExit: undefined });
  const first = await text(await bench.connect());
  await bench.launchd.reached('exited', 1);
  t.like(await bench.printed(), { state: 'not running', lastExit: 0 });
  const second = await text(await bench.connect());
  t.deepEqual(
    bench.launchd.all('spawned').map(({ pid }) => pid),
    [Number(first), Number(second)],
  );
});

onLinux('a connection that stays in the queue starts the next process, after the throttle interval', async (t) => {
  const bench = await createBench(t);
  await bench.load({ Sockets: socketsOf(bench), ThrottleInterval: 5 });
  await bench.connect();
  await bench.launchd.reached('exited', 1);
  t.is((await bench.printed()).state, 'spawn scheduled');
  await bench.launchd.reached('spawned', 2);
});

onLinux('a throttle interval of 0 is ignored', async (t) => {
  const bench = await createBench(t);
  await bench.load({ KeepAlive: true, ThrottleInterval: 0 });
  await bench.launchd.reached('exited', 1);
  t.is((await bench.ctl('kickstart', TARGET)).status, 0);
  t.is((await bench.printed()).state, 'spawn scheduled');
  t.is(bench.launchd.all('spawned').length, 1);
});

onLinux('RunAtLoad starts a job once, KeepAlive repeatedly', async (t) => {
  const [single, kept] = [await createBench(t), await createBench(t)];
  await single.load({ RunAtLoad: true, ThrottleInterval: 1 });
  await kept.load({ KeepAlive: { SuccessfulExit: false }, ThrottleInterval: 1 });
  await kept.launchd.reached('exited', 2);
  await single.launchd.reached('exited', 1);
  t.is(single.launchd.all('exited').length, 1);
});

onLinux('a job gets a short environment', async (t) => {
  const bench = await createBench(t);
  const EnvironmentVariables = { OWN: 'yes', SHELL: '/bin/sh', NUMBER: 1 };
  await bench.load({ ProgramArguments: ['/usr/bin/env'], RunAtLoad: true, EnvironmentVariables });
  await bench.launchd.reached('exited', 1);
  const env = Object.fromEntries(
    logOf(bench)
      .trim()
      .split('\n')
      .map((line) => line.split('=', 2)),
  );
  const names = ['HOME', 'LOGNAME', 'OWN', 'PATH', 'SHELL', 'TMPDIR', 'USER', 'XPC_SERVICE_NAME'];
  t.deepEqual(
    Object.keys(env)
      .filter((name) => !name.startsWith('TEST_LAUNCHD_'))
      .sort(),
    names,
  );
  const { home: HOME } = bench;
  t.like(env, { HOME, OWN: 'yes', SHELL: '/bin/sh', PATH: '/usr/bin:/bin:/usr/sbin:/sbin', XPC_SERVICE_NAME: LABEL });
});

for (const [Umask, umask] of [
  [63, '0077'],
  ['027', '0027'],
  [undefined, '0022'],
] as const) {
  onLinux(`a job has its working directory, its own session, and for Umask ${Umask} the umask ${umask}`, async (t) => {
    const bench = await createBench(t);
    const folder = Umask === undefined ? '/' : dirname(bench.home);
    const ProgramArguments = python(
      'import os; print("0%03o" % os.umask(0), os.getcwd(), os.getsid(0) == os.getpid())',
    );
    const WorkingDirectory = Umask === undefined ? join(bench.home, 'none') : folder;
    await bench.load({ ProgramArguments, RunAtLoad: true, WorkingDirectory, ...(Umask !== undefined && { Umask }) });
    await bench.launchd.reached('exited', 1);
    t.is(logOf(bench), `${umask} ${folder} True\n`);
  });
}

for (const [what, keys] of [
  ['log', { StandardErrorPath: '/none/log' }],
  ['program', { ProgramArguments: ['/none/program'] }],
] as const) {
  onLinux(`a job whose ${what} is missing does not start, and has the exit status EX_CONFIG`, async (t) => {
    const { load, launchd, ctl } = await createBench(t);
    await load({ RunAtLoad: true, ...keys });
    await launchd.reached('not-spawned', 1);
    t.regex((await ctl('print', TARGET)).stdout, /^\tlast exit code = 78: EX_CONFIG$/m);
    t.is(launchd.all('spawned').length, 0);
  });
}

const FAMILY = shell(`(trap 'echo asked; exit' TERM; echo up; while :; do sleep 0.02; done) & wait`);

onLinux('remaining processes of the group get SIGTERM', async (t) => {
  const bench = await createBench(t);
  await bench.load({ ProgramArguments: FAMILY, RunAtLoad: true });
  await until(isUp(bench));
  await bench.ctl('kill', 'SIGKILL', TARGET);
  await until(() => logOf(bench).includes('asked'));
  t.pass();
});

onLinux('with AbandonProcessGroup, remaining processes of the group stay until the test ends', async (t) => {
  const bench = await createBench(t);
  await bench.load({ ProgramArguments: FAMILY, RunAtLoad: true, AbandonProcessGroup: true });
  await until(isUp(bench));
  await bench.ctl('kill', '9', TARGET);
  const { pid } = await bench.launchd.reached('exited', 1);
  t.true(isAlive(-pid));
  t.notRegex(logOf(bench), /asked/);
});

const CHECK_IN = python(`
import ctypes, fcntl, json, os
shim = ctypes.CDLL(os.environ["TEST_LAUNCHD_SHIM"])
def ask(name):
    fds, count = ctypes.POINTER(ctypes.c_int)(), ctypes.c_size_t()
    status = shim.launch_activate_socket(name, ctypes.byref(fds), ctypes.byref(count))
    return status or [[fd, fcntl.fcntl(fd, fcntl.F_GETFD)] for fd in fds[:count.value]]
print(json.dumps([ask(name) for name in (b"Listeners", b"Control", b"Listeners", b"Listen", b"Lost")]))
`);

onLinux('a job gets the sockets of each name once', async (t) => {
  const bench = await createBench(t);
  const [one, two, three] = ['1', '2', '3'].map((name) => ({ SockPathName: `${bench.socketPath}${name}` }));
  const Sockets = { Listeners: [one, two], Control: three, Lost: { SockPathName: '/none/a.sock' } };
  await bench.load({ ProgramArguments: CHECK_IN, RunAtLoad: true, Sockets });
  await bench.launchd.reached('exited', 1);
  const { EALREADY, ENOENT } = constants.errno;
  const CLOEXEC = 1;
  const handedOut = [
    [
      [3, CLOEXEC],
      [4, CLOEXEC],
    ],
    [[5, CLOEXEC]],
  ];
  t.deepEqual(JSON.parse(logOf(bench)), [...handedOut, EALREADY, ENOENT, []]);
});

onLinux('a process that is not a job gets no sockets', async (t) => {
  const bench = await createBench(t);
  const [env, ...command] = CHECK_IN as [string, ...string[]];
  const ProgramArguments = [env, '-u', 'TEST_LAUNCHD_SOCKETS', ...command];
  await bench.load({ ProgramArguments, RunAtLoad: true, Sockets: socketsOf(bench) });
  await bench.launchd.reached('exited', 1);
  const { ESRCH } = constants.errno;
  t.deepEqual(JSON.parse(logOf(bench)), [ESRCH, ESRCH, ESRCH, ESRCH, ESRCH]);
});

onLinux('a Node program sees macOS and its library through either koffi import, and its threads run', async (t) => {
  const bench = await createBench(t);
  const script = join(dirname(bench.home), 'script.mjs');
  const koffi = createRequire(import.meta.url).resolve('koffi');
  await writeFile(
    script,
    `import { once } from 'node:events';
     import { createRequire } from 'node:module';
     import { Worker } from 'node:worker_threads';
     import koffi from ${JSON.stringify(join(dirname(koffi), 'index.js'))};
     const required = createRequire(import.meta.url)(${JSON.stringify(koffi)});
     const ask = ({ load }, path) =>
       load(path).func('int launch_activate_socket(const char *, _Out_ void **, _Out_ size_t *)')('Listeners', [null], [0]);
     const answers = [ask(koffi, '/usr/lib/libSystem.B.dylib'), ask(required, '/usr/lib/system/libxpc.dylib')];
     const strlen = koffi.load(null).func('size_t strlen(const char *)');
     const worker = new Worker('require("worker_threads").parentPort.postMessage("at work")', { eval: true });
     const [message] = await once(worker, 'message');
     const left = Object.keys(process.env).filter((name) => name.startsWith('TEST_'));
     console.log(JSON.stringify([process.platform, answers, strlen('four'), message, left]));`,
  );
  const ProgramArguments = [process.execPath, script];
  await bench.load({ ProgramArguments, RunAtLoad: true, Sockets: socketsOf(bench), StandardErrorPath: bench.logPath });
  await bench.launchd.reached('exited', 1);
  t.deepEqual(JSON.parse(logOf(bench)), ['darwin', [0, constants.errno.EALREADY], 4, 'at work', []]);
});

onLinux('the agent checks in, answers, and shuts down on request', async (t) => {
  const bench = await createBench(t);
  const { socketPath, logPath, launchd } = bench;
  const flags = ['--label', LABEL, '--log-level', 'debug'];
  const loaded = await bench.load({
    ProgramArguments: [process.execPath, ENTRY, 'run', fixture('agents/echo.ts'), ...flags],
    Sockets: { ...socketsOf(bench), Control: { SockPathName: `${socketPath}.control` } },
    StandardErrorPath: logPath,
  });
  t.is(loaded.status, 0);
  const client = await dial(t, socketPath);
  client.socket.write(encodeTextFrame('hello'));
  t.deepEqual(await client.until(1), ['hello'], logOf(bench));
  t.is((await bench.printed()).state, 'running');
  client.socket.destroy();
  t.is((await bench.ctl('bootout', TARGET)).status, 36);
  t.is((await launchd.reached('exited', 1)).status, 0);
  await launchd.reached('removed', 1);
  t.regex(logOf(bench), /"supervisor":"launchd".*checked-in/);
});
