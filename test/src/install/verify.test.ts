/** An agent is verified at the sockets that its clients use, and at its TCP address. */
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Supervisor } from '../../../job/supervisor.ts';
import { checkPort, type VerifyOptions, verify } from '../../../src/install/verify.ts';
import { readRecord } from '../../../src/installed/record.ts';
import { ask, createInstallBench, type InstallBench } from '../../helpers/install-bench.ts';
import { freePort } from '../../helpers/ports.ts';

const NOT_READY = { code: 'ERR_LAUNCHPOOL_NOT_READY' };

function optionsOf({ layout }: InstallBench): VerifyOptions {
  const folder = join(realpathSync(layout.versions), readRecord(layout)?.hash ?? '');
  return { sockets: layout.sockets, folder, timeoutMs: 20_000, dismiss: async () => undefined };
}

async function listen(t: ExecutionContext, greet: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    greet(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

test.serial('an agent is verified by its process; another process or version is not ready', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const { socket } = await bench.install();
  const pid = await ask(socket, 'pid');
  const options = optionsOf(bench);
  t.is(await verify(options), pid);
  const { message } = await t.throwsAsync(verify({ ...options, timeoutMs: 5_000, before: pid }), NOT_READY);
  t.regex(message, new RegExp(`process ${pid} is still running`));
  const other = await t.throwsAsync(verify({ ...options, timeoutMs: 5_000, folder: '/other' }), NOT_READY);
  t.regex(other.message, /another agent answers/);
});

test.serial('a process of another version is dismissed once, and so is the next one', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const { socket } = await bench.install();
  const pid = await ask(socket, 'pid');
  const dismissed: (number | undefined)[] = [];
  const dismiss = async (): Promise<void> => {
    dismissed.push(await (bench.options.supervisor as Supervisor).dismiss(bench.options.label));
  };
  await t.throwsAsync(verify({ ...optionsOf(bench), timeoutMs: 10_000, folder: '/other', dismiss }), NOT_READY);
  t.is(dismissed[0], pid);
  t.is(new Set(dismissed).size, dismissed.length);
});

test.serial('another program at the agent’s port is not mistaken for the agent', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await bench.install();
  for (const [greet, reason] of [
    [(socket: Socket) => socket.write('hello\n'), /another program/],
    [(socket: Socket) => socket.end(), /no agent answers/],
  ] as const) {
    const port = await listen(t, greet);
    const tcp = { host: '127.0.0.1', port } as const;
    const { message } = await t.throwsAsync(verify({ ...optionsOf(bench), tcp }), NOT_READY);
    t.regex(message, reason);
    t.true(message.includes(`127.0.0.1:${port}`));
  }
});

for (const kind of ['launchd', 'systemd'] as const) {
  test.serial(
    `${kind}: an agent with a TCP address is verified there, and keeps the port when it is installed again`,
    async (t) => {
      const bench = await createInstallBench(t, kind);
      if (bench === undefined) return;
      const key = join(bench.home, 'key');
      await writeFile(key, 'secret', { mode: 0o600 });
      const port = await freePort('127.0.0.1');
      const options = { tcp: `127.0.0.1:${port}`, agent: { 'authkey-file': key } };
      t.is((await bench.install(options)).outcome, 'installed');
      await t.throwsAsync(checkPort({ host: '127.0.0.1', port }), { code: 'ERR_LAUNCHPOOL_SOCKET_IN_USE' });
      t.is((await bench.install(options)).outcome, 'unchanged');
      t.is((await bench.install({ ...options, agent: { ...options.agent, threads: 1 } })).outcome, 'upgraded');
    },
  );
}
