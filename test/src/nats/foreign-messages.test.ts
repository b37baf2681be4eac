/** What other clients of the NATS server may send to an instance and to a client, by accident or on purpose. */
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { askInstances, type ServiceInfo } from '../../../src/client/nats/discovery.ts';
import { acceptLinks } from '../../../src/nats/accept-links.ts';
import type { Link } from '../../../src/nats/link.ts';
import { MAX_WINDOW_BYTES } from '../../../src/nats/link-subjects.ts';
import { openLink } from '../../../src/nats/open-link.ts';
import { guardSubscriptions, headerOf, replyOf, statusOf, subscribe } from '../../../src/nats/subscribe.ts';
import { createNatsDouble, type ForeignMessage, type NatsDouble } from '../../helpers/nats-double.ts';

const id = { name: 'rot13', instance: 'one' };
const OPEN = 'launchpool.rot13.one.open';
const REQUEST = '{"version":1,"window":1000}';
const LONG_REPLY = `${'z'.repeat(4_020)}.open`;
const INFO = '$SRV.INFO.rot13';

function accept(t: ExecutionContext, nats: NatsDouble): Link[] {
  const links: Link[] = [];
  const accepted = acceptLinks(nats, { ...id, places: () => 7, onLink: (link) => links.push(link) });
  t.teardown(() => accepted.close());
  return links;
}

/** Shows that the instance reads, and answers. */
async function echoes(t: ExecutionContext, nats: NatsDouble, links: Link[]): Promise<void> {
  const { stream } = await openLink(nats, id);
  t.teardown(() => stream.destroy());
  const server = links.at(-1) as Link;
  server.pipe(server);
  stream.write('there');
  t.is(String((await once(stream, 'data'))[0]), 'there');
}

const TO_INSTANCE: Readonly<Record<string, ForeignMessage>> = {
  'open without a reply': { subject: OPEN, data: REQUEST },
  'open of another version without a reply': { subject: OPEN, data: '{}' },
  'open with malformed headers': { subject: OPEN, reply: 'a.b', headers: 'malformed' },
  'open with a reply subject of 4025 characters': { subject: OPEN, reply: LONG_REPLY, data: REQUEST },
  'open with an empty last token': { subject: OPEN, reply: 'a.', data: REQUEST },
  'open with white space in the reply subject': { subject: OPEN, reply: 'a b.open', data: REQUEST },
  'an unknown link without a reply': { subject: 'launchpool.rot13.one.c.x', data: 'hi' },
  'an unknown link with a long reply': { subject: 'launchpool.rot13.one.c.x', reply: LONG_REPLY },
  'malformed headers on an unknown link': { subject: 'launchpool.rot13.one.c.x', reply: 'a.b', headers: 'malformed' },
};

for (const [name, message] of Object.entries(TO_INSTANCE))
  test(`an instance goes on after ${name}, and takes no link of it`, async (t) => {
    const nats = createNatsDouble();
    const links = accept(t, nats);
    nats.inject(message);
    t.is(links.length, 0);
    await echoes(t, nats, links);
    t.is(nats.broken, undefined);
  });

test('malformed headers on a link take nothing from it', async (t) => {
  const nats = createNatsDouble();
  const links = accept(t, nats);
  const { stream } = await openLink(nats, id);
  t.teardown(() => stream.destroy());
  stream.write('x');
  await once(links[0] as Link, 'readable');
  const { subject } = nats.published.at(-1) as { subject: string };
  t.regex(subject, /^launchpool\.rot13\.one\.c\./);
  nats.inject({ subject, headers: 'malformed', data: Uint8Array.of(3, 0, 0, 0, 1, 0) });
  t.false(links[0]?.destroyed);
  t.is(nats.broken, undefined);
});

test('an instance whose connection is closed takes no link', (t) => {
  const nats = createNatsDouble();
  const links = accept(t, nats);
  nats.publish = () => {
    throw new Error('closed connection');
  };
  nats.inject({ subject: OPEN, reply: 'a.open', data: REQUEST });
  t.is(links.length, 0);
  t.is(nats.broken, undefined);
});

const WINDOWS = [0, -1, 1.5, 1e99, Number.MAX_SAFE_INTEGER, MAX_WINDOW_BYTES + 1, 'x', null];
for (const window of WINDOWS)
  test(`an instance refuses a link with the window ${window}`, async (t) => {
    const nats = createNatsDouble();
    const links = accept(t, nats);
    const answered = new Promise<string>((resolve) =>
      subscribe(nats, 'a.open', (_error, { data }) => resolve(Buffer.from(data).toString())),
    );
    nats.inject({ subject: OPEN, reply: 'a.open', data: JSON.stringify({ version: 1, window }) });
    t.is(await answered, '{"version":1}');
    t.is(links.length, 0);
  });

const GOOD_REPLY = { version: 1, link: 'abc', window: 1000, places: 1 };
const BAD_REPLIES: readonly object[] = [
  { ...GOOD_REPLY, link: 'a b' },
  { ...GOOD_REPLY, link: '' },
  { ...GOOD_REPLY, link: 'x'.repeat(65) },
  { ...GOOD_REPLY, link: 7 },
  { ...GOOD_REPLY, window: MAX_WINDOW_BYTES + 1 },
  { ...GOOD_REPLY, places: -1 },
  { ...GOOD_REPLY, places: 'many' },
  { ...GOOD_REPLY, places: null },
];
for (const reply of BAD_REPLIES)
  test(`a client refuses the answer ${JSON.stringify(reply).slice(0, 100)}`, async (t) => {
    const nats = createNatsDouble();
    subscribe(nats, OPEN, (_error, message) =>
      nats.publish(message.reply as string, Buffer.from(JSON.stringify(reply))),
    );
    await t.throwsAsync(openLink(nats, id), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', message: /this version/ });
    t.is(nats.subscriptions, 1);
    t.is(nats.broken, undefined);
  });

test('a client takes malformed headers for none', async (t) => {
  const nats = createNatsDouble();
  subscribe(nats, OPEN, (_error, { reply }) => nats.inject({ subject: reply as string, headers: 'malformed' }));
  await t.throwsAsync(openLink(nats, id), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
  t.is(nats.broken, undefined);
});

for (const instance of ['a b', '', 'a.b', '*', '>', 'x'.repeat(65)])
  test(`a client refuses the instance ${JSON.stringify(instance).slice(0, 20)}, and leaves nothing`, async (t) => {
    const nats = createNatsDouble();
    await t.throwsAsync(openLink(nats, { name: 'rot13', instance }), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
    t.is(nats.subscriptions, 0);
  });

test('a client whose connection is closed opens no link, finds no instance, and leaves nothing', async (t) => {
  const nats = createNatsDouble();
  nats.publish = () => {
    throw new Error('closed connection');
  };
  await t.throwsAsync(openLink(nats, id), { message: /closed connection/ });
  await t.throwsAsync(ask(nats).ended, { message: /closed connection/ });
  t.is(nats.subscriptions, 0);
});

function ask(nats: NatsDouble) {
  const found: string[] = [];
  const question = { verb: 'INFO', name: 'rot13', inboxPrefix: '_INBOX' } as const;
  const ended = askInstances<ServiceInfo>(nats, question, (answer) => found.push(answer.id));
  return { found, ended };
}

function answerWith(nats: NatsDouble, answers: readonly Omit<ForeignMessage, 'subject'>[]): void {
  subscribe(nats, INFO, (_error, { reply }) => {
    for (const answer of answers) nats.inject({ subject: reply as string, ...answer });
  });
}

test('what is no answer of an instance is not found, and does not end the search', async (t) => {
  const nats = createNatsDouble();
  const ids = ['a b', '', 7, null, 'a.b', '*', 'x'.repeat(65), 'good', 'good'];
  const answers = ids.map((each) => ({ data: JSON.stringify({ name: 'rot13', id: each }) }));
  answerWith(nats, [{ headers: 'malformed' }, { data: 'null' }, { data: '[' }, ...answers]);
  const { found, ended } = ask(nats);
  await ended;
  t.deepEqual(found, ['good']);
  t.is(nats.broken, undefined);
  t.is(nats.subscriptions, 1);
});

test('no more than 1000 instances are found', async (t) => {
  const nats = createNatsDouble();
  answerWith(
    nats,
    Array.from({ length: 3_000 }, (_, n) => ({ data: JSON.stringify({ id: `i${n}` }) })),
  );
  const { found, ended } = ask(nats);
  await ended;
  t.is(found.length, 1_000);
  t.is(nats.subscriptions, 1);
});

test('a search ends although answers come for ever', async (t) => {
  const nats = createNatsDouble();
  let number = 0;
  let timer: NodeJS.Timeout | undefined;
  subscribe(nats, INFO, (_error, { reply }) => {
    timer = setInterval(() => {
      number += 1;
      nats.inject({ subject: reply as string, data: JSON.stringify({ id: `i${number}` }) });
    }, 20);
  });
  const { ended } = ask(nats);
  await ended;
  clearInterval(timer);
  t.true(number < 1_000);
  t.is(nats.subscriptions, 1);
});

test.serial('a callback that throws is told of once, and called again', async (t) => {
  const nats = guardSubscriptions(createNatsDouble());
  const warned = once(process, 'warning');
  const warnings: unknown[] = [];
  const note = (warning: unknown): void => void warnings.push(warning);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  let calls = 0;
  nats.subscribe('own', {
    callback() {
      calls += 1;
      throw new Error('own fault');
    },
  });
  nats.inject({ subject: 'own' });
  nats.inject({ subject: 'own' });
  t.is((await warned)[0].cause.message, 'own fault');
  t.is(calls, 2);
  t.is(nats.broken, undefined);
  await new Promise(setImmediate);
  t.is(warnings.length, 1);
});

test('a guarded connection hides messages to whose reply subject nothing can be sent', (t) => {
  const nats = guardSubscriptions(createNatsDouble());
  const replies: unknown[] = [];
  nats.subscribe('own', { callback: (_error, { reply }) => replies.push(reply) });
  for (const reply of ['x'.repeat(513), 'a b', 'x'.repeat(512), '']) nats.inject({ subject: 'own', reply });
  t.deepEqual(replies, ['x'.repeat(512), '']);
});

test('an empty reply subject, and none, want no reply', (t) => {
  t.is(replyOf({ reply: '' }), undefined);
  t.is(replyOf({}), undefined);
  t.is(replyOf({ reply: 'a' }), 'a');
});

test('a client takes any number of places that an instance can have', async (t) => {
  for (const [places, said] of [
    [Number.POSITIVE_INFINITY, 0xffff_ffff],
    [-1, 0],
    [2.5, 2],
  ] as const) {
    const nats = createNatsDouble();
    const accepted = acceptLinks(nats, { ...id, places: () => places, onLink: () => undefined });
    const { stream } = await openLink(nats, id);
    t.is(stream.places, said);
    stream.destroy();
    accepted.close();
  }
});

test('headers that cannot be decoded are none', (t) => {
  const nats = createNatsDouble();
  const seen: unknown[] = [];
  subscribe(nats, 'own', (_error, message) => seen.push([statusOf(message), headerOf(message, () => 1)]));
  nats.inject({ subject: 'own', headers: 'malformed' });
  nats.inject({ subject: 'own', headers: 408 });
  nats.inject({ subject: 'own' });
  t.deepEqual(seen, [
    [0, undefined],
    [408, 1],
    [0, undefined],
  ]);
});

test('an instance bears any message', async (t) => {
  const nats = createNatsDouble();
  const links = accept(t, nats);
  const message = fc.record({
    subject: fc.constantFrom(OPEN, 'launchpool.rot13.one.c.x', 'launchpool.rot13.one.c.'),
    reply: fc.oneof(fc.string(), fc.constantFrom('', 'a.open', LONG_REPLY, 'a b', '.open', 'open')),
    data: fc.oneof(fc.uint8Array(), fc.json(), fc.constantFrom(REQUEST, '{}', 'null')),
    headers: fc.constantFrom('malformed' as const, 503, 0, undefined),
  });
  await fc.assert(
    fc.asyncProperty(message, async ({ headers, ...rest }) => {
      nats.inject({ ...rest, ...(headers !== undefined && { headers }) });
      await new Promise(setImmediate);
      t.is(nats.broken, undefined);
    }),
  );
  await echoes(t, nats, links);
});
