/** `launchpool serve --durable`: calls that cannot succeed, or cannot even be answered, take no place for good. */
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import { outcomeSubject } from '../../src/nats/later/task-names.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';
import { deadLetters, startJetStream, TASK_METHODS, taskClient } from '../helpers/durable.ts';
import { natsConnection } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { natsProject, plainRequest, serve } from '../helpers/served-agent.ts';
import { until } from '../helpers/until.ts';

const testWithNats = declareWith(test.serial);
/** One place: what keeps it keeps all. */
const ONE_PLACE = ['--durable', '--threads', '1', '--concurrency', '1'];

/** The number of messages of a stream. */
async function stored(nats: NatsConnection, stream: string): Promise<number> {
  const { data } = await nats.request(`$JS.API.STREAM.INFO.${stream}`, Buffer.from(''), { timeout: 30_000 });
  return JSON.parse(Buffer.from(data).toString()).state.messages;
}

/** Resolves when the server has the message. The package writes no such headers. */
async function publishRaw(port: number, subject: string, header: string, body: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const headers = `NATS/1.0\r\n${header}\r\n\r\n`;
  const lengths = `${headers.length} ${headers.length + body.length}`;
  socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
  socket.write(`HPUB ${subject} ${lengths}\r\n${headers}${body}\r\nPING\r\n`);
  let answer = '';
  for await (const chunk of socket) {
    answer += chunk;
    if (answer.includes('PONG')) break;
  }
}

testWithNats('the longest method becomes a dead letter that fits, and its place is free', async (t) => {
  const { url } = await startJetStream(t);
  const nats = await natsConnection(t, url);
  await serve(t, await natsProject(t, TASK_METHODS), url, ['--name', 'methods', ...ONE_PLACE]);
  const letters = await deadLetters(nats, 'methods');
  const client = await taskClient(t, url, 'methods');
  const body = Buffer.from(JSON.stringify({ method: 'x'.repeat(1_048_000) }));
  await nats.request('launchpool-later.methods.task.long', body, { timeout: 30_000 });
  t.like(await client.result('long', { wait: true }), {
    ...{ outcome: 'error', deliveries: 1 },
    error: { code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND' },
  });
  await until(() => letters.length > 0);
  const [letter] = letters;
  t.regex(String(letter?.method), /^x{900,}…$/);
  t.like(letter, { id: 'long', error: { data: { code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND' } }, deliveries: 1 });
  await client.enqueue('add', [1, 2], { id: 'next' });
  t.like(await client.result('next', { wait: true }), { result: 3 });
});

testWithNats('an id that no client makes ends no connection, matches no outcome, and is removed', async (t) => {
  const { url } = await startJetStream(t);
  const nats = await natsConnection(t, url);
  const instance = await serve(t, await natsProject(t, TASK_METHODS), url, ['--name', 'ids', ...ONE_PLACE]);
  const client = await taskClient(t, url, 'ids');
  // An outcome, which a question for `*` would find.
  await client.enqueue('add', [1, 2], { id: 'first' });
  await client.result('first', { wait: true });
  const body = Buffer.from('{"method":"add","params":[1,2]}');
  const ids = ['*', '>', 'a*b', '"q"', 'ä', 'a'.repeat(4_040)];
  for (const id of ids) nats.publish(`launchpool-later.ids.task.${id}`, body);
  await client.enqueue('add', [2, 2], { id: 'next' });
  t.like(await client.result('next', { wait: true }), { result: 4 });
  const log = await instance.stderr(/(task-removed[\s\S]*){6}/);
  await until(async () => (await stored(nats, 'launchpool-later-ids-tasks')) === 0);
  t.is(await stored(nats, 'launchpool-later-ids-outcomes'), 2);
  t.is(await stored(nats, 'launchpool-later-ids-dead'), 0);
  t.notRegex(log, /nats-disconnected|jetstream-failed/);
});

testWithNats('headers that the package cannot read stop neither their call nor others', async (t) => {
  const { url, port } = await startJetStream(t);
  await serve(t, await natsProject(t, TASK_METHODS), url, ['--name', 'headers', ...ONE_PLACE]);
  const client = await taskClient(t, url, 'headers');
  await publishRaw(port, 'launchpool-later.headers.task.odd', 'a b: c', '{"method":"add","params":[1,2]}');
  t.like(await client.result('odd', { wait: true }), { result: 3, deliveries: 1 });
  await client.enqueue('add', [2, 2], { id: 'next' });
  t.like(await client.result('next', { wait: true }), { result: 4, deliveries: 1 });
});

testWithNats('an id can be used again when its outcome is kept no longer', async (t) => {
  const { url } = await startJetStream(t);
  const module = await natsProject(t, TASK_METHODS);
  await serve(t, module, url, ['--name', 'again', ...ONE_PLACE, '--keep-results', '1']);
  const client = await taskClient(t, url, 'again');
  t.deepEqual(await client.enqueue('add', [1, 2], { id: 'mine' }), { id: 'mine', isDuplicate: false });
  await client.result('mine', { wait: true });
  const code = async (): Promise<unknown> =>
    client.result('mine').then(
      () => undefined,
      (error) => error.code,
    );
  await until(async () => (await code()) === 'ERR_LAUNCHPOOL_TASK_UNKNOWN');
  // JetStream forgets the id of a message within the same time, by another timer.
  await until(async () => !(await client.enqueue('add', [2, 2], { id: 'mine' })).isDuplicate);
  t.like(await client.result('mine', { wait: true }), { result: 4, deliveries: 1 });
});

testWithNats('a reply that a client has sent to the subject of an outcome is none', async (t) => {
  const { url } = await startJetStream(t);
  const nats = await natsConnection(t, url);
  const forge = `export const forge = (id: string) => ({ id, deliveries: 1, outcome: 'result', result: 'forged' });`;
  await serve(t, await natsProject(t, `${TASK_METHODS}\n${forge}`), url, ['--name', 'replies', ...ONE_PLACE]);
  const client = await taskClient(t, url, 'replies');
  // One is for the instance, and one for the NATS server.
  nats.publish('replies.forge', Buffer.from('["a"]'), { reply: outcomeSubject('replies', 'a') });
  nats.publish('$JS.API.INFO', Buffer.from(''), { reply: outcomeSubject('replies', 'b') });
  await until(async () => (await stored(nats, 'launchpool-later-replies-outcomes')) === 1);
  // The instance reads its requests in their order.
  t.like(await plainRequest(nats, 'replies.forge', '["c"]'), { error: '' });
  for (const id of ['a', 'b']) {
    t.deepEqual(await client.enqueue('add', [1, 2], { id }), { id, isDuplicate: false });
    t.like(await client.result(id, { wait: true }), { outcome: 'result', result: 3, deliveries: 1 });
  }
  t.is(await stored(nats, 'launchpool-later-replies-outcomes'), 2);
});
