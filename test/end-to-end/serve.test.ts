/** `launchpool serve` on real servers of NATS. */
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { openLink } from '../../src/nats/open-link.ts';
import { encodeTextFrame, payloadStart } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { ENTRY } from '../helpers/agent.ts';
import { natsConnection, startNatsServer } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { authorization, permissionsInDocument } from '../helpers/permissions.ts';
import { runProgram, startProgram } from '../helpers/program.ts';
import { askService, linkClient, natsProject, plainRequest, serve } from '../helpers/served-agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

const testWithNats = declareWith(test.serial);

const METHODS = `
/** Adds two numbers. */
export function add(a: number, b: number): number { return a + b; }
export const fail = () => { throw Object.assign(new Error('two\\nlines'), { code: 'E_OWN', data: [1] }); };
export const slow = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, process.pid));
export async function* count(n: number) { for (let i = 0; i < n; i += 1) yield i; }
export const long = (n: number) => 'x'.repeat(n);
export const exact = () => ({ toJSON: () => 1.5 });
export const _hidden = () => 1;
export const options = { slow: { timeoutMs: 60000 } };
`;

testWithNats('a service is found, described, measured and called by links and by plain clients', async (t) => {
  const { url } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  await serve(t, await natsProject(t, METHODS, { isTyped: true }), url, ['--name', 'sums', '--queue', 'group']);

  const [info] = await askService(nats, 'INFO', 'sums');
  t.like(info, { version: '1.2.3', metadata: { kind: 'rpc' } });
  const add = info?.endpoints.find(({ name }) => name === 'add');
  t.like(add, { subject: 'sums.add', queue_group: 'group', metadata: { summary: 'Adds two numbers.' } });
  const { params } = JSON.parse(add?.metadata.openrpc ?? '{}') as { params: { name: string; schema: unknown }[] };
  t.deepEqual(
    params.map(({ name, schema }) => [name, schema]),
    [
      ['a', { type: 'number' }],
      ['b', { type: 'number' }],
    ],
  );

  const client = await linkClient(nats, 'sums', info?.id as string);
  t.like(await client.call('add', 1, 2), { result: 3 });
  t.like(await client.call('add', 'x'), { error: { code: -32602 } });
  t.is(((await client.call('long', 3_000_000)).result as string).length, 3_000_000);

  t.is((await plainRequest(nats, 'sums.add', '[1, 2]')).body, '3');
  t.is((await plainRequest(nats, 'sums.count', '[3]')).body, '[0,1,2]');
  t.is((await plainRequest(nats, 'sums.exact', '')).body, '1.5');
  const failed = await plainRequest(nats, 'sums.fail', '');
  t.like(failed, { error: 'two lines', status: '500', code: 'E_OWN' });
  t.like(JSON.parse(failed.body), { message: 'two\nlines' });
  t.like(await plainRequest(nats, 'sums.add', '[1'), { status: '400' });
  t.like(await plainRequest(nats, 'sums.add', '[1],"method":"fail"'), { status: '400' });
  t.like(await plainRequest(nats, 'sums.add', Buffer.from([0x22, 0xff, 0x22])), { status: '400' });
  t.like(await plainRequest(nats, 'sums.add', '["x", 1]'), { status: '400', code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' });
  t.like(await plainRequest(nats, 'sums.slow', '[60000]', { 'Launchpool-Timeout-Ms': '20' }), { status: '504' });
  t.like(await plainRequest(nats, 'sums.long', '[3000000]'), { status: '500', code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });

  const [stats] = await askService(nats, 'STATS', 'sums');
  t.like(stats?.endpoints[0]?.data, { state: 'running', kind: 'rpc', leavesInMs: null });
  t.is((await askService(nats, 'PING', 'sums')).length, 1);
});

testWithNats('a raw agent has one endpoint, on the name of the service', async (t) => {
  const { url } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  const module = await natsProject(t, 'export default (message: Uint8Array) => Buffer.from(message).reverse();');
  await serve(t, module, url);
  const [info] = await askService(nats, 'INFO', 'agent');
  t.like(info, { metadata: { kind: 'raw' } });
  t.is((await plainRequest(nats, 'agent', 'abc')).body, 'cba');
  const { stream } = await openLink(nats, { name: 'agent', instance: info?.id as string });
  t.teardown(() => stream.destroy());
  stream.write(encodeTextFrame('hi'));
  t.deepEqual((await once(stream, 'data'))[0], encodeTextFrame('ih'));
});

testWithNats(
  'SIGTERM under load loses no request: the other instance goes on, and the first exits with 0',
  async (t) => {
    const { url } = await startNatsServer(t);
    const nats = await natsConnection(t, url);
    const module = await natsProject(t, METHODS);
    const [first] = await Promise.all([1, 2].map(() => serve(t, module, url, ['--name', 'two', '--threads', '1'])));
    const answers: string[] = [];
    const ask = async (): Promise<void> => {
      const { body, error } = await plainRequest(nats, 'two.slow', '[3]');
      answers.push(error || body);
    };
    const load = Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let n = 0; n < 40; n += 1) await ask();
      }),
    );
    await until(() => answers.length > 100);
    (first as NonNullable<typeof first>).signal('SIGTERM');
    t.is(await (first as NonNullable<typeof first>).ended, 0);
    await load;
    t.is(answers.length, 800);
    t.deepEqual(
      answers.filter((answer) => !/^\d+$/.test(answer)),
      [],
    );
    t.is((await askService(nats, 'INFO', 'two')).length, 1);
  },
);

testWithNats('a drain finishes what has started on links, and says what has run', async (t) => {
  const { url } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  const instance = await serve(t, await natsProject(t, METHODS), url, ['--name', 'drain']);
  const [info] = await askService(nats, 'INFO', 'drain');
  const client = await linkClient(nats, 'drain', info?.id as string);
  t.like(await client.call('add', 1, 2), { result: 3 });
  const slow = client.call('slow', 300);
  await client.call('add', 1, 1);
  instance.signal('SIGTERM');
  t.is(typeof (await slow).result, 'number');
  await once(client.link, 'end');
  t.deepEqual(
    client.notices.map((notice) => JSON.parse(notice).params),
    [{ run: 3 }],
  );
  client.link.end();
  t.is(await instance.ended, 0);
});

testWithNats('requests of a client that is gone are cancelled, and what it has sent before runs', async (t) => {
  const { url } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  await serve(t, await natsProject(t, METHODS), url, ['--name', 'gone', '--cancel-grace', '0']);
  const [info] = await askService(nats, 'INFO', 'gone');
  const status = async (): Promise<{ requests: number; connections: number; counters: { done: number } }> =>
    (await askService(nats, 'STATS', 'gone'))[0]?.endpoints[0]?.data as never;
  const client = await linkClient(nats, 'gone', info?.id as string);
  await client.call('add', 1, 2);
  void client.call('slow', 60_000);
  await client.call('add', 1, 2);
  t.like(await status(), { requests: 1, connections: 1 });
  client.link.destroySoon();
  await until(async () => (await status()).connections === 0);
  t.is((await status()).requests, 0);

  const other = await linkClient(nats, 'gone', info?.id as string);
  for (let n = 0; n < 100; n += 1) other.link.write(encodeTextFrame('{"jsonrpc":"2.0","method":"add","params":[1,2]}'));
  other.link.destroySoon();
  await until(async () => (await status()).counters.done === 103);
  t.pass();
});

testWithNats('a stream goes through a window that is much smaller', async (t) => {
  const { url } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  await serve(t, await natsProject(t, METHODS), url, ['--name', 'stream']);
  const [info] = await askService(nats, 'INFO', 'stream');
  const { stream } = await openLink(nats, { name: 'stream', instance: info?.id as string, windowBytes: 100_000 });
  t.teardown(() => stream.destroy());
  stream.write(encodeTextFrame('{"jsonrpc":"2.0","id":1,"method":"count","params":[300000],"stream":true}'));
  await once(stream, 'readable');
  let received = 0;
  const reader = createFrameReader({ maxRunFrames: 1 });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  stream.on('data', (chunk: Buffer) =>
    reader.push(chunk, (frame) => {
      const { id, params } = JSON.parse(String(frame.subarray(payloadStart(frame, 0))));
      received += params?.values.length ?? 0;
      if (id === 1) resolve();
    }),
  );
  await ended;
  t.is(received, 300_000);
});

testWithNats('an instance comes back after its only server was down', async (t) => {
  const first = await startNatsServer(t);
  const instance = await serve(t, await natsProject(t, METHODS), first.url, ['--name', 'back']);
  await first.kill();
  await instance.stderr(/nats-disconnected/);
  const { url } = await startNatsServer(t, { port: first.port });
  await instance.stderr(/nats-reconnected/);
  const nats = await natsConnection(t, url);
  await until(async () => (await askService(nats, 'INFO', 'back')).length === 1);
  t.is((await plainRequest(nats, 'back.add', '[1,2]')).body, '3');
});

testWithNats('an instance without a server ends all the same', async (t) => {
  const { url, kill } = await startNatsServer(t);
  const instance = await serve(t, await natsProject(t, METHODS), url);
  await kill();
  await instance.stderr(/nats-disconnected/);
  instance.signal('SIGTERM');
  t.is(await instance.ended, 0);
});

testWithNats('with an authkey there are links and no endpoints', async (t) => {
  const { url } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  const module = await natsProject(t, METHODS);
  const key = join(dirname(module), 'key');
  await writeFile(key, 'secret', { mode: 0o600 });
  await serve(t, module, url, ['--name', 'keyed', '--authkey-file', key]);
  const [info] = await askService(nats, 'INFO', 'keyed');
  t.deepEqual(info?.endpoints, []);
  await t.throwsAsync(plainRequest(nats, 'keyed.add', '[1,2]'), { message: /no responders/i });
  const { stream } = await openLink(nats, { name: 'keyed', instance: info?.id as string });
  t.teardown(() => stream.destroy());
  const [challenge] = await once(stream, 'data');
  t.regex(String(challenge), /#CHALLENGE#/);
});

testWithNats('the permissions of the document are enough, and keep plain clients from links', async (t) => {
  const config = join(await tempDir(t), 'nats.conf');
  const [instances, withLinks, withoutLinks] = permissionsInDocument();
  await writeFile(config, authorization({ instance: [instances], links: [withLinks], plain: [withoutLinks] }));
  const { url } = await startNatsServer(t, { args: ['-c', config] });
  const as = (user: string): string => url.replace('//', `//${user}:p@`);
  const instance = await serve(t, await natsProject(t, METHODS), as('instance'), ['--name', 'rot13']);
  const [links, plain] = [await natsConnection(t, as('links')), await natsConnection(t, as('plain'))];
  const [info] = await askService(links, 'INFO', 'rot13');
  const client = await linkClient(links, 'rot13', info?.id as string);
  t.like(await client.call('add', 1, 2), { result: 3 });
  t.is((await plainRequest(plain, 'rot13.add', '[1,2]')).body, '3');
  await t.throwsAsync(openLink(plain, { name: 'rot13', instance: info?.id as string, openMs: 500 }));
  t.notRegex(await instance.stderr(/nats-serving/), /nats-error|ermission/);
});

testWithNats('what is missing or wrong is said, without a stack or a password', async (t) => {
  const module = await natsProject(t, METHODS);
  const { url, kill } = await startNatsServer(t, { args: ['--user', 'joe', '--pass', 's3cret'] });
  const fails = async (args: string[], status: number, pattern: RegExp, cwd?: string): Promise<void> => {
    const ended = await runProgram([process.execPath, ENTRY, 'serve', ...args], cwd === undefined ? {} : { cwd });
    t.regex(ended.stderr, pattern);
    t.is(ended.status, status, ended.stderr);
    t.notRegex(ended.stderr, /wr0ng|\n\s+at /);
  };
  await fails([module], 64, /--nats URL is missing/);
  await fails([module, '--nats', 'http://host'], 64, /not an address of NATS/);
  await fails([module, '--nats', url, '--name', 'a.b'], 64, /not the name of a service/);
  await fails([join(dirname(module), 'none.ts'), '--nats', url], 66, /there is no module/);
  await fails([module, '--nats', url.replace('//', '//joe:wr0ng@')], 69, /no connection to NATS/);
  const bare = await natsProject(t, METHODS);
  await rm(join(dirname(bare), 'node_modules'), { recursive: true });
  await fails([bare, '--nats', url], 69, /npm install @nats-io\/transport-node/, dirname(bare));
  await kill();
  await fails([module, '--nats', url], 69, /no connection to NATS/);
});

testWithNats('an instance that may not subscribe to one of its subjects ends, and names it', async (t) => {
  const config = join(await tempDir(t), 'nats.conf');
  const subjects = { publish: ['_INBOX.>'], subscribe: ['_INBOX.>', 'launchpool.sums.>', '$SRV.>', 'sums.add'] };
  await writeFile(config, authorization({ instance: [subjects] }));
  const { url } = await startNatsServer(t, { args: ['-c', config] });
  const flags = ['--nats', url.replace('//', '//instance:p@'), '--name', 'sums'];
  const instance = startProgram(t, [process.execPath, ENTRY, 'serve', await natsProject(t, METHODS), ...flags]);
  t.is(await instance.ended, 69);
  const log = await instance.stderr(/nats-service-stopped/);
  t.regex(log, /sums\.fail/);
  t.notRegex(log, /instance:p/);
});

testWithNats('a module that does not load is not announced: its instance ends', async (t) => {
  const { url } = await startNatsServer(t);
  const module = await natsProject(t, `${METHODS}\nexport function setup() { throw new Error('no database'); }`);
  const ended = await runProgram([process.execPath, ENTRY, 'serve', module, '--nats', url]);
  t.is(ended.status, 66, ended.stderr);
  t.regex(ended.stderr, /no database/);
  t.notRegex(ended.stderr, /nats-serving/);
});
