/** `launchpool call --later` and `--result`, and what durable services and their clients say is missing or wrong. */
import { readFileSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { newTaskId } from '../../src/nats/later/task-names.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { heldTask, startJetStream, TASK_METHODS, taskClient } from '../helpers/durable.ts';
import { NATS_PROJECT, natsConnection, startNatsServer } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { authorization, permissionsInDocument } from '../helpers/permissions.ts';
import { type Finished, runProgram } from '../helpers/program.ts';
import { natsProject, serve } from '../helpers/served-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const testWithNats = declareWith(test.serial);

type Run = (...args: string[]) => Promise<Finished & { text: string }>;

/** Runs the command line in the folder of a project, whose packages it finds. */
function inFolder(folder: string): Run {
  return async (...args) => {
    const ended = await runProgram([process.execPath, ENTRY, ...args], { cwd: folder });
    return { ...ended, text: String(ended.stdout) };
  };
}

async function fails(t: ExecutionContext, run: ReturnType<Run>, status: number, pattern: RegExp): Promise<void> {
  const ended = await run;
  t.regex(ended.stderr + ended.text, pattern);
  t.is(ended.status, status, ended.stderr);
  t.notRegex(ended.stderr, /\n\s+at /);
}

testWithNats('call --later prints an id, and --result what has become of it', async (t) => {
  t.timeout(150_000);
  const { url } = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  await serve(t, module, url, ['--name', 'later', '--durable', '--max-deliveries', '1']);
  const target = `${url}/later`;
  const run = inFolder(folder);

  const id = (await run('call', target, 'add', '1', '2', '--later')).text.trim();
  t.regex(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]+$/);
  t.is((await run('call', target, '--result', id, '--wait')).text, '3\n');
  t.is((await run('call', target, '--result', id, '--json')).text, '{"result":3}\n');

  const held = heldTask(folder, 'h');
  const stored = await run('call', target, 'held', JSON.stringify(folder), '"h"', '--later', '--id', 'h', '--json');
  t.deepEqual(JSON.parse(stored.text), { result: { id: 'h', isDuplicate: false } });
  await held.runs(1);
  await fails(t, run('call', target, '--result', 'h'), 75, /h has no outcome yet/);
  const waits = run('call', target, '--result', 'h', '--wait', '--timeout', '0.01');
  await fails(t, waits, 75, /ERR_LAUNCHPOOL_CALL_TIMEOUT/);
  held.release();
  t.is((await run('call', target, '--result', 'h', '--wait')).status, 0);

  await run('call', target, 'flaky', JSON.stringify(folder), '"f"', '9', '--later', '--id', 'f');
  await fails(t, run('call', target, '--result', 'f', '--wait'), 1, /run 1 fails/);
  await fails(t, run('call', target, '--result', 'none', '--json'), 66, /ERR_LAUNCHPOOL_TASK_UNKNOWN/);
  const old = newTaskId(Date.now() - 25 * 3_600_000);
  await fails(t, run('call', target, '--result', old), 66, /24 h.*ERR_LAUNCHPOOL_RESULT_EXPIRED/s);
});

testWithNats('options that do not fit a call for later are refused', async (t) => {
  const folder = dirname(await natsProject(t, TASK_METHODS));
  const run = inFolder(folder);
  const target = 'nats://127.0.0.1:1/x';
  const cases: [string[], RegExp][] = [
    [['com.example.x', 'add', '--later'], /com\.example\.x takes no calls for later/],
    [[target, '--later'], /the method is missing/],
    [[target, 'add', '--result', 'a'], /--result takes no method/],
    [[target, '--result', 'a b'], /not the id of a task/],
    [[target, 'add', '--later', '--result', 'a'], /--later makes a call/],
    [[target, 'add', '--later', '--wait'], /--wait belongs to --result/],
    [[target, '--result', 'a', '--id', 'b'], /--id belongs to --later/],
    [[target, 'add', '--later', '--stream'], /--stream has no meaning/],
    [[target, 'x', '--later', '--raw'], /--raw has no meaning/],
  ];
  for (const [args, pattern] of cases) await fails(t, run('call', ...args), 64, pattern);
});

testWithNats('a service that is not durable, and a server without JetStream, are named', async (t) => {
  t.timeout(150_000);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  const run = inFolder(folder);
  const { url } = await startJetStream(t);
  await serve(t, module, url, ['--name', 'plain']);
  const client = await taskClient(t, url, 'plain');
  await t.throwsAsync(client.enqueue('add', [1, 2]), { code: 'ERR_LAUNCHPOOL_NOT_DURABLE' });
  await t.throwsAsync(client.enqueue('add', [1, 2], { id: 'x' }), { code: 'ERR_LAUNCHPOOL_NOT_DURABLE' });
  await t.throwsAsync(client.result('x'), { code: 'ERR_LAUNCHPOOL_NOT_DURABLE' });
  await fails(t, run('call', `${url}/plain`, 'add', '1', '2', '--later'), 69, /plain takes no calls for later/);

  const bare = await startNatsServer(t);
  const other = await taskClient(t, bare.url, 'plain');
  await t.throwsAsync(other.enqueue('add', [1, 2]), { code: 'ERR_LAUNCHPOOL_JETSTREAM_MISSING' });
  await t.throwsAsync(other.result('x'), { code: 'ERR_LAUNCHPOOL_JETSTREAM_MISSING' });
  await fails(t, run('serve', module, '--nats', bare.url, '--durable'), 69, /no JetStream .*JETSTREAM_MISSING/);

  await fails(t, run('serve', module, '--nats', url, '--durable', '--replicas', '3'), 64, /--replicas 3: /);
  await writeFile(join(folder, 'key'), 'secret', { mode: 0o600 });
  const keyed = run('serve', module, '--nats', url, '--durable', '--authkey-file', join(folder, 'key'));
  await fails(t, keyed, 64, /--durable: .*handshake/);
  const raw = await natsProject(t, 'export default (message: Uint8Array) => message;');
  await fails(t, inFolder(dirname(raw))('serve', raw, '--nats', url, '--durable'), 64, /--durable: a raw agent/);
});

testWithNats('without the package of JetStream, the command that installs it is named', async (t) => {
  const { url } = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  await rm(join(folder, 'node_modules'), { recursive: true });
  await mkdir(join(folder, 'node_modules', '@nats-io'), { recursive: true });
  for (const name of ['transport-node', 'services'])
    await symlink(
      join(dirname(NATS_PROJECT), 'node_modules', '@nats-io', name),
      join(folder, 'node_modules', '@nats-io', name),
    );
  const run = inFolder(folder);
  const missing = /npm install @nats-io\/jetstream/;
  await fails(t, run('serve', module, '--nats', url, '--durable'), 69, missing);
  await fails(t, run('call', `${url}/x`, 'add', '1', '2', '--later'), 69, missing);
  await fails(t, run('call', `${url}/x`, '--result', 'x'), 69, missing);
  // What is not durable needs none of it.
  await serve(t, module, url, ['--name', 'light']);
  t.is((await run('call', `${url}/light`, 'add', '1', '2')).text, '3\n');
});

testWithNats('what is too long, or has no room, is refused by name', async (t) => {
  const { url } = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  const folder = dirname(module);
  const flags = ['--name', 'small', '--durable', '--max-stored', '1', '--threads', '1', '--concurrency', '1'];
  await serve(t, module, url, flags);
  const client = await taskClient(t, url, 'small');
  const held = heldTask(folder, 'h');
  await client.enqueue('held', [folder, 'h']);
  await held.runs(1);
  await t.throwsAsync(client.enqueue('long', ['x'.repeat(1_100_000)]), { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE' });
  const { id } = await client.enqueue('add', ['x'.repeat(600_000), 1]);
  const error = await t.throwsAsync(client.enqueue('add', ['x'.repeat(600_000), 2]), { code: 'ERR_LAUNCHPOOL_BUSY' });
  t.like(error, { retryable: true });
  await t.throwsAsync(client.enqueue('add', [1n]), { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' });
  await t.throwsAsync(client.enqueue('add', [(async function* () {})()]), { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' });
  held.release();
  t.like(await client.result(id, { wait: true }), { outcome: 'result' });
  t.is((await client.enqueue('add', ['x'.repeat(600_000), 3])).isDuplicate, false);
});

testWithNats('a signal ends a wait, and closing the client leaves the connection of its maker open', async (t) => {
  const { url } = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  await serve(t, module, url, ['--name', 'closed', '--durable']);
  const nats = await natsConnection(t, url);
  const client = await taskClient(t, url, 'closed');
  const controller = new AbortController();
  const held = heldTask(dirname(module), 'h');
  await client.enqueue('held', [dirname(module), 'h'], { id: 'h' });
  await held.runs(1);
  const waiting = client.result('h', { wait: true, signal: controller.signal });
  controller.abort(new Error('enough'));
  await t.throwsAsync(waiting, { message: 'enough' });
  await client.close();
  // The connection belongs to the test, and closing the client leaves it open.
  t.like(await client.result('h'), { outcome: 'pending' });
  held.release();
  t.false(nats.isClosed());
});

testWithNats(
  'the permissions of the document are enough for what is durable, and plain clients cannot store',
  async (t) => {
    const config = join(await tempDir(t), 'nats.conf');
    const [instances, , plain, durable, later] = permissionsInDocument();
    await writeFile(config, authorization({ instance: [instances, durable], later: [later], plain: [plain] }));
    const { url } = await startJetStream(t, ['-c', config]);
    const as = (user: string): string => url.replace('//', `//${user}:p@`);
    const module = await natsProject(t, TASK_METHODS);
    const flags = ['--name', 'rot13', '--durable', '--max-deliveries', '2', '--retry-delay', '0.01'];
    const instance = await serve(t, module, as('instance'), flags);
    const client = await taskClient(t, as('later'), 'rot13');
    const { id } = await client.enqueue('add', [1, 2]);
    t.like(await client.result(id, { wait: true }), { result: 3 });
    await client.enqueue('flaky', [dirname(module), 'f', 9], { id: 'f' });
    t.like(await client.result('f', { wait: true }), { outcome: 'error', deliveries: 2 });
    await t.throwsAsync(client.result('none'), { code: 'ERR_LAUNCHPOOL_TASK_UNKNOWN' });
    const other = await taskClient(t, as('plain'), 'rot13');
    await t.throwsAsync(other.enqueue('add', [1, 2]), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', message: /ermission/ });
    t.notRegex(await instance.stderr(/nats-serving/), /nats-error|ermission/);
    // The second one finds what the first one has made.
    await serve(t, module, as('instance'), flags);
  },
);

testWithNats('the program of the document prints the result, and ends by itself', async (t) => {
  const { url } = await startJetStream(t);
  const rot13 = readFileSync(new URL('../../examples/rot13/rpc.ts', import.meta.url), 'utf8');
  const module = await natsProject(t, rot13);
  const folder = dirname(module);
  await serve(t, module, url, ['--name', 'rot13', '--durable']);
  const client = new URL('../../src/client/index.ts', import.meta.url).href;
  const text = readFileSync(fixture('docs/later.ts'), 'utf8').replace('launchpool/client', client);
  await writeFile(join(folder, 'later.ts'), text);
  const ended = await runProgram([process.execPath, join(folder, 'later.ts'), `${url}/rot13`], { cwd: folder });
  t.is(String(ended.stdout), 'Uryyb\n', ended.stderr);
  t.is(ended.status, 0);
});
