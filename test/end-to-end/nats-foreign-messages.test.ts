/** What other clients of a real NATS server may send: an instance and a client go on all the same. */
import test from 'ava';
import { connect, type LaunchpoolError } from '../../src/client/index.ts';
import { encodeMessage, KINDS } from '../../src/nats/link-message.ts';
import { openSubject } from '../../src/nats/link-subjects.ts';
import type { NatsConnection } from '../../src/nats/nats-types.ts';
import { type RawClient, type RawMessage, rawNatsClient } from '../helpers/nats-raw.ts';
import { natsConnection, startNatsServer } from '../helpers/nats-server.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { askService, linkClient, natsProject, serve } from '../helpers/served-agent.ts';
import { until } from '../helpers/until.ts';

const testWithNats = declareWith(test.serial);
const METHODS = 'export function add(a: number, b: number): number { return a + b; }';
const REQUEST = '{"version":1,"window":1000}';
/** The server takes it of this client. A ping to it would be a line that is too long, since it has a reply subject too. */
const LONG_REPLY = `${'z'.repeat(4_010)}.open`;
const MALFORMED = 'a b: c';
/** Less than an instance needs to notice that it reads no more. */
const ANSWER_MS = 15_000;

function messagesTo(instance: string): Readonly<Record<string, RawMessage>> {
  const open = openSubject({ name: 'sums', instance });
  const unknown = open.replace(/open$/, 'c.unknown');
  return {
    'open without a reply': { subject: open, body: REQUEST },
    'open of another version without a reply': { subject: open, body: '{}' },
    'open with a long reply': { subject: open, reply: LONG_REPLY, body: REQUEST },
    'open with malformed headers': { subject: open, reply: 'x.y', headers: MALFORMED, body: REQUEST },
    'an unknown link without a reply': { subject: unknown, body: 'hi' },
    'an unknown link with a long reply': { subject: unknown, reply: LONG_REPLY, body: 'hi' },
    'an unknown link with malformed headers': { subject: unknown, reply: 'x.y', headers: MALFORMED },
    'malformed headers to an endpoint': { subject: 'sums.add', reply: 'x.y', headers: MALFORMED, body: '[1,2]' },
    'a line feed in a header': { subject: 'sums.add', reply: 'x.y', headers: 'a\nb: c', body: '[1,2]' },
    'an endpoint without a reply': { subject: 'sums.add', body: '[1,2]' },
    'an endpoint with a long reply': { subject: 'sums.add', reply: LONG_REPLY, body: '[1,2]' },
    'INFO without a reply': { subject: '$SRV.INFO.sums' },
    'INFO with a long reply': { subject: '$SRV.INFO.sums', reply: LONG_REPLY },
    'STATS with a long reply': { subject: '$SRV.STATS.sums', reply: LONG_REPLY },
    'malformed headers to STATS': { subject: '$SRV.STATS.sums', reply: 'x.y', headers: MALFORMED },
  };
}

async function add(nats: NatsConnection): Promise<string> {
  const { data } = await nats.request('sums.add', Buffer.from('[1,2]'), { timeout: ANSWER_MS });
  return Buffer.from(data).toString();
}

testWithNats('an instance answers calls after any message that another client may send', async (t) => {
  const { url, port } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  const running = await serve(t, await natsProject(t, METHODS), url, ['--name', 'sums', '--threads', '1']);
  const [info] = await askService(nats, 'INFO', 'sums');
  const raw = await rawNatsClient(t, port);
  const client = await linkClient(nats, 'sums', info?.id as string);
  const replies: string[] = [];
  nats.subscribe(LONG_REPLY, { callback: (_error, { data }) => replies.push(Buffer.from(data).toString()) });
  await nats.flush();
  for (const [name, message] of Object.entries(messagesTo(info?.id as string))) {
    await raw.publish(message);
    t.is(await add(nats), '3', name);
    t.like(await client.call('add', 1, 2), { result: 3 }, name);
  }
  t.false(client.link.destroyed);
  t.deepEqual(replies, []);
  t.notRegex(await running.stderr(/nats-serving/), /nats-disconnected|nats-error|Warning/);
  running.signal('SIGTERM');
  t.is(await running.ended, 0);
});

testWithNats('malformed headers to an endpoint count as none', async (t) => {
  const { url, port } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  await serve(t, await natsProject(t, METHODS), url, ['--name', 'sums', '--threads', '1']);
  const raw = await rawNatsClient(t, port);
  const answered = new Promise<string>((resolve) =>
    nats.subscribe('x.y', { callback: (_error, { data }) => resolve(Buffer.from(data).toString()) }),
  );
  await nats.flush();
  await raw.publish({ subject: 'sums.add', reply: 'x.y', headers: MALFORMED, body: '[1,2]' });
  t.is(await answered, '3');
});

/** Has messages sent for each request to a subject. */
async function answerEach(nats: NatsConnection, subject: string, answer: (reply: string) => void): Promise<void> {
  nats.subscribe(subject, { callback: (_error, { reply }) => answer(reply as string) });
  await nats.flush();
}

const infoOf = (id: string): string =>
  JSON.stringify({ name: 'sums', id, version: '1.0.0', metadata: { launchpool: '1' } });

for (const [name, answer] of Object.entries({
  'malformed headers': (raw: RawClient, reply: string) => raw.publish({ subject: reply, headers: MALFORMED }),
  'a link with a space': (raw: RawClient, reply: string) =>
    raw.publish({ subject: reply, body: '{"version":1,"link":"a b","window":1000,"places":1}' }),
}))
  testWithNats(`connect() fails at once when an instance answers with ${name}`, async (t) => {
    const { url, port } = await startNatsServer(t);
    const nats = await natsConnection(t, url);
    const raw = await rawNatsClient(t, port);
    await answerEach(nats, '$SRV.INFO.sums', (reply) => nats.publish(reply, Buffer.from(infoOf('false'))));
    await answerEach(nats, 'launchpool.sums.false.open', (reply) => void answer(raw, reply));
    const error = await t.throwsAsync(connect(`${url}/sums`, { nats: await natsConnection(t, url) }));
    t.is((error as LaunchpoolError).code, 'ERR_LAUNCHPOOL_CONNECT_FAILED');
    t.regex(String(error.cause ?? error), /not one of this version/);
  });

testWithNats('connect() ignores an answer whose id could be no part of a subject', async (t) => {
  const { url } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  await serve(t, await natsProject(t, METHODS), url, ['--name', 'sums', '--threads', '1']);
  await answerEach(nats, '$SRV.INFO.sums', (reply) => {
    for (const id of ['a b', '>', '']) nats.publish(reply, Buffer.from(infoOf(id)));
  });
  const agent = await connect<{ add(a: number, b: number): number }>(`${url}/sums`, {
    nats: await natsConnection(t, url),
    lostAfterMs: 30_000,
  });
  t.is(await agent.add(1, 2), 3);
});

testWithNats('a link that many empty messages come on is closed, and takes no memory', async (t) => {
  const { url } = await startNatsServer(t);
  const nats = await natsConnection(t, url);
  await serve(t, await natsProject(t, METHODS), url, ['--name', 'sums', '--threads', '1']);
  const [info] = await askService(nats, 'INFO', 'sums');
  const open = openSubject({ name: 'sums', instance: info?.id as string });
  let link: string | undefined;
  let closing = '';
  nats.subscribe('own.*', {
    callback(_error, { subject, data }) {
      if (subject === 'own.open') link = (JSON.parse(Buffer.from(data).toString()) as { link: string }).link;
      else if (data[0] === KINDS.close) closing = Buffer.from(data).toString();
    },
  });
  nats.publish(open, Buffer.from(REQUEST), { reply: 'own.open' });
  await until(() => link !== undefined);
  nats.publish(open.replace(/open$/, `c.${link}`), encodeMessage(KINDS.data, 0, new Uint8Array()), { reply: 'own.0' });
  await until(() => closing !== '');
  t.regex(closing, /without bytes/);
  t.is(await add(nats), '3');
});
