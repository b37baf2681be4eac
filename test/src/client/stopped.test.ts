/** A client of an agent that is stopped on purpose learns it at once. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import test from 'ava';
import { call, connect, connectRaw } from '../../../src/client/index.ts';
import { agentsFolderOf, socketPathOf } from '../../../wire/address.ts';
import { STOP_MARKER, stoppedLabelAt } from '../../../wire/stopped.ts';
import { SHORT_TEMP } from '../../helpers/temp-dir.ts';

const folder = mkdtempSync(join(SHORT_TEMP, 'lp-'));
test.after.always(() => rmSync(folder, { recursive: true }));
// The client asks for them at each connection.
Object.assign(process.env, { HOME: folder, XDG_RUNTIME_DIR: join(folder, 'r'), XDG_DATA_HOME: join(folder, 'd') });

const STOPPED = (label: string) => ({
  code: 'ERR_LAUNCHPOOL_STOPPED',
  message: `${label} is stopped: launchpool start ${label}`,
});
/** Longer than a test may take. */
const NEVER = { activationMs: 3_600_000 };

function makeAgent(label: string): { socket: string; mark(): void } {
  const socket = socketPathOf(label);
  const own = join(agentsFolderOf(), label);
  for (const made of [dirname(socket), own]) mkdirSync(made, { recursive: true });
  return { socket, mark: () => writeFileSync(join(own, STOP_MARKER), '') };
}

test('no connection to a stopped agent is tried again, by its label or by its path', async (t) => {
  const label = 'com.example.stopped';
  const { socket, mark } = makeAgent(label);
  mark();
  for (const target of [label, socket]) {
    await t.throwsAsync(connect(target, NEVER), STOPPED(label));
    await t.throwsAsync(connectRaw(target, NEVER), STOPPED(label));
  }
  const error = await t.throwsAsync<Error>(connect(label, NEVER));
  t.like(error?.cause, { code: 'ENOENT' });
});

test('a socket that listens is connected to, whatever the marker says', async (t) => {
  const label = 'com.example.marked';
  const { socket, mark } = makeAgent(label);
  mark();
  const server = createServer((connection) => connection.destroy());
  await once(server.listen(socket), 'listening');
  t.teardown(() => server.close());
  const client = await connectRaw(label, NEVER);
  client.close();
  t.pass();
});

test('the next call of a client, whose agent has been stopped since, learns it', async (t) => {
  const label = 'com.example.going';
  const { socket, mark } = makeAgent(label);
  const connections: Socket[] = [];
  const server = createServer((connection) => connections.push(connection.on('error', () => undefined)));
  await once(server.listen(socket), 'listening');
  const agent = await connect(label, NEVER);
  if (connections.length === 0) await once(server, 'connection');
  mark();
  const closed = new Promise((resolve) => server.close(resolve));
  for (const connection of connections) connection.end();
  await closed;
  await t.throwsAsync(call(agent, 'one'), STOPPED(label));
});

test('only the socket of a label is that of a stopped agent', (t) => {
  const { socket, mark } = makeAgent('com.example.paths');
  t.is(stoppedLabelAt(socket), undefined);
  mark();
  t.is(stoppedLabelAt(socket), 'com.example.paths');
  for (const other of ['/tmp/com.example.paths.sock', `${socket}x`, socket.replace('.sock', '.control.sock'), '', '/'])
    t.is(stoppedLabelAt(other), undefined, other);
  const mac = { platform: 'darwin', home: join(folder, 'mac') } as const;
  const onMac = join(agentsFolderOf(mac), 'com.example.mac');
  mkdirSync(onMac, { recursive: true });
  writeFileSync(join(onMac, STOP_MARKER), '');
  t.is(stoppedLabelAt(join(onMac, 'agent.sock'), mac), 'com.example.mac');
  t.is(stoppedLabelAt(join(onMac, 'control.sock'), mac), undefined);
});
