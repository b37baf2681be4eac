import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type AcceptOptions, acceptLinks } from '../../../src/nats/accept-links.ts';
import type { Link } from '../../../src/nats/link.ts';
import { decodeMessage, encodeMessage, KINDS } from '../../../src/nats/link-message.ts';
import type { NatsWire } from '../../../src/nats/nats-types.ts';
import { type OpenLinkOptions, openLink } from '../../../src/nats/open-link.ts';
import { createNatsDouble } from '../../helpers/nats-double.ts';

const id = { name: 'rot13', instance: 'one' };
/** The Readable of a link has one message beside the window. */
const LONGEST_MESSAGE = 65_536;
type Options = { accept?: Partial<AcceptOptions>; open?: Partial<OpenLinkOptions>; wire?: NatsWire };

async function openPair(t: ExecutionContext, nats: NatsWire, { accept, open }: Options = {}) {
  const { promise, resolve } = Promise.withResolvers<Link>();
  const accepted = acceptLinks(nats, { ...id, places: () => 7, onLink: resolve, ...accept });
  const client = await openLink(nats, { ...id, ...open });
  t.teardown(() => {
    client.stream.destroy();
    accepted.close();
  });
  return { accepted, client, server: await promise, stream: client.stream };
}

function countingBytes(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => index % 251));
}

/** Leaves the other direction open, which the consumers of node:stream do not. */
async function readAll(link: Link): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of link.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Unlike `once(link, 'close')`, also after an error. */
function closed(link: Link): Promise<void> {
  return new Promise((resolve) => (link.closed ? resolve() : link.once('close', resolve)));
}

test('both directions carry all bytes in order, and end one by one', async (t) => {
  const { stream, server } = await openPair(t, createNatsDouble());
  const question = countingBytes(5_000_000);
  stream.end(question);
  t.true(question.equals(await readAll(server)));
  server.end('answer');
  t.is((await readAll(stream)).toString(), 'answer');
});

test('any sequence of writes arrives as it was written, whatever the windows and the longest message', async (t) => {
  const writes = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 });
  const sizes = fc.integer({ min: 1, max: 400 });
  await fc.assert(
    fc.asyncProperty(writes, sizes, fc.integer({ min: 100, max: 400 }), async (chunks, windowBytes, maxPayload) => {
      const accept = { windowBytes };
      const { stream, server } = await openPair(t, createNatsDouble({ maxPayload }), { accept });
      for (const chunk of chunks) stream.write(chunk);
      stream.end();
      t.deepEqual(await readAll(server), Buffer.concat(chunks));
      stream.destroy();
    }),
    { numRuns: 50 },
  );
});

test('writes of one turn are one message', async (t) => {
  const nats = createNatsDouble();
  const { stream, server } = await openPair(t, nats);
  for (let n = 0; n < 100; n += 1) stream.write(Buffer.of(n));
  await once(server, 'readable');
  const carried = nats.published.filter(({ data }) => decodeMessage(data)?.kind === KINDS.data);
  t.deepEqual(
    carried.map(({ data }) => data.length),
    [105],
  );
});

test('the memory of a write may change after it', async (t) => {
  const { stream, server } = await openPair(t, createNatsDouble());
  const memory = Buffer.from('first');
  stream.write(memory);
  memory.fill(0);
  const [bytes] = await once(server, 'data');
  t.is(String(bytes), 'first');
});

test('a reader that reads nothing takes no more than the window', async (t) => {
  const nats = createNatsDouble();
  const { stream, server } = await openPair(t, nats, { accept: { windowBytes: 100_000 } });
  const isTaken = new Promise((resolve) => stream.write(countingBytes(1_000_000), resolve));
  await once(server, 'readable');
  // A ping and its answer pass everything that was sent before.
  stream.ping(true);
  await new Promise<void>((resolve) => {
    stream.onPlaces = resolve;
  });
  const limit = 100_000 + LONGEST_MESSAGE;
  t.true(stream.sentBytes >= 100_000 && stream.sentBytes <= limit, `${stream.sentBytes}`);
  server.resume();
  await isTaken;
  t.is(stream.sentBytes, 1_000_000);
});

test('a lost message ends the link on both sides, with the next message', async (t) => {
  const nats = createNatsDouble();
  const { stream, server } = await openPair(t, nats);
  let isDropped = false;
  nats.drops = ({ data }) => {
    const drop = !isDropped && data[0] === KINDS.data;
    isDropped ||= drop;
    return drop;
  };
  stream.write('lost');
  const ended = [closed(stream), closed(server)];
  stream.ping(true);
  await Promise.all(ended);
  t.regex(server.errored?.message ?? '', /a message was lost/);
  t.regex(stream.errored?.message ?? '', /the other side closed the link: .*a message was lost/);
  t.like(stream.errored, { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED', retryable: true });
  t.is(stream.undeliveredFrom, 0);
});

test('an instance that has left is noticed by the next write, with what has not reached it', async (t) => {
  const nats = createNatsDouble();
  const { stream, server, accepted } = await openPair(t, nats);
  stream.write('12345');
  await once(server, 'readable');
  nats.drops = ({ data }) => data[0] === KINDS.close;
  accepted.close();
  stream.write('678');
  await closed(stream);
  t.is(stream.undeliveredFrom, 5);
  t.regex(stream.errored?.message ?? '', /has left/);
});

test('an instance that answers no more is noticed by the heartbeat', async (t) => {
  const nats = createNatsDouble();
  const heartbeat = { busyMs: 5, busyMissed: 3 };
  const { client, stream } = await openPair(t, nats, { open: { heartbeat } });
  nats.drops = ({ subject }) => subject.endsWith('.s');
  client.setBusy(true);
  await closed(stream);
  t.regex(stream.errored?.message ?? '', /does not answer/);
  t.is(stream.undeliveredFrom, undefined);
});

test('a client that was blocked itself does not lose its links', async (t) => {
  const heartbeat = { busyMs: 5, busyMissed: 6 };
  const { client, stream, server } = await openPair(t, createNatsDouble(), { open: { heartbeat } });
  client.setBusy(true);
  for (let round = 0; round < 10; round += 1) {
    const end = performance.now() + 40;
    while (performance.now() < end);
    await new Promise(setImmediate);
  }
  stream.write('still there');
  t.is(String((await once(server, 'data'))[0]), 'still there');
});

test('a client with open calls that is gone is noticed at the next check', async (t) => {
  const nats = createNatsDouble();
  const { stream, server } = await openPair(t, nats, { accept: { checkMs: 5 } });
  stream.ping(true);
  await new Promise<void>((resolve) => {
    stream.onPlaces = resolve;
  });
  nats.drops = ({ data }) => data[0] === KINDS.close;
  stream.destroy();
  await closed(server);
  t.regex(server.errored?.message ?? '', /has left/);
});

test('what was sent before a close is read', async (t) => {
  const { stream, server } = await openPair(t, createNatsDouble());
  stream.write('last words');
  stream.destroySoon();
  t.is((await readAll(server)).toString(), 'last words');
  await closed(server);
  t.is(server.errored, null);
});

test('a close says what its reader had taken', async (t) => {
  const { stream, server } = await openPair(t, createNatsDouble());
  stream.write('12345');
  await once(server, 'data');
  server.pause();
  server.destroy();
  stream.write('678');
  stream.resume();
  await closed(stream);
  t.is(stream.errored, null);
  t.is(stream.undeliveredFrom, 5);
});

test('a link that ended on both sides is read to the end, although the other side knows it no more', async (t) => {
  const nats = createNatsDouble();
  const heartbeat = { busyMs: 5, idleMs: 5, busyMissed: 2, idleMissed: 2 };
  const { client, stream, server, accepted } = await openPair(t, nats, { open: { heartbeat } });
  client.setBusy(true);
  const answer = countingBytes(900_000);
  stream.end();
  server.end(answer);
  server.resume();
  await closed(server);
  t.is(accepted.links.size, 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.true(answer.equals(await readAll(stream)));
  t.is(stream.errored, null);
});

test('a client learns at once that there is no such instance', async (t) => {
  const error = await t.throwsAsync(openLink(createNatsDouble(), id));
  t.like(error, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', retryable: true });
  t.regex(error.message, /it has left/);
});

test('an instance that does not answer in time, or in another version, is refused', async (t) => {
  const nats = createNatsDouble();
  nats.subscribe('launchpool.rot13.mute.open', { callback: () => undefined });
  await t.throwsAsync(openLink(nats, { name: 'rot13', instance: 'mute', openMs: 5 }), { message: /within 5 ms/ });
  nats.subscribe('launchpool.rot13.new.open', {
    callback: (_error, { reply }) => nats.publish(reply as string, Buffer.from('{"version":2}')),
  });
  await t.throwsAsync(openLink(nats, { name: 'rot13', instance: 'new' }), { message: /not one of this version/ });
  t.is(nats.subscriptions, 2);
});

test('an instance that stops takes no new links and keeps the open ones', async (t) => {
  const nats = createNatsDouble();
  const { accepted, stream, server } = await openPair(t, nats);
  await accepted.stop();
  await t.throwsAsync(openLink(nats, id), { message: /it has left/ });
  stream.write('more');
  t.is(String((await once(server, 'data'))[0]), 'more');
});

test('places come with the opening and with each answer to a ping', async (t) => {
  let free = 7;
  const { stream } = await openPair(t, createNatsDouble(), { accept: { places: () => free } });
  t.is(stream.places, 7);
  free = 3;
  stream.ping(false);
  await new Promise<void>((resolve) => {
    stream.onPlaces = resolve;
  });
  t.is(stream.places, 3);
});

test('bytes that are no message of a link, or more than the window, end the link', async (t) => {
  const broken = [
    Buffer.from('x'),
    Buffer.from([9, 0, 0, 0, 0]),
    encodeMessage(KINDS.credit, 0, Buffer.of(1)),
    encodeMessage(KINDS.data, 0, Buffer.alloc(300)),
  ];
  for (const bytes of broken) {
    const { server } = await openPair(t, createNatsDouble(), { accept: { windowBytes: 200 } });
    server.receive(bytes);
    t.true(server.destroyed);
    t.is((server.errored as Error & { code?: string }).code, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  }
});

test('sequence numbers begin again after the last one', (t) => {
  const message = decodeMessage(encodeMessage(KINDS.end, 0xffff_ffff, Buffer.alloc(0)));
  t.is(message?.sequence, 0xffff_ffff);
});

test('a connection to NATS that is closed for good ends its links', async (t) => {
  const nats = createNatsDouble();
  const { stream } = await openPair(t, nats);
  nats.publish = () => {
    throw new Error('closed connection');
  };
  stream.write('too late');
  await closed(stream);
  t.regex(stream.errored?.message ?? '', /closed connection/);
});

test('a listener that throws ends its link, and nothing else', async (t) => {
  const { stream, server } = await openPair(t, createNatsDouble());
  server.on('data', () => {
    throw new Error('own fault');
  });
  stream.write('x');
  await closed(server);
  t.is(server.errored?.message, 'own fault');
  await closed(stream);
});

test('nothing is left of closed links', async (t) => {
  const nats = createNatsDouble();
  const { accepted, stream, server } = await openPair(t, nats);
  stream.destroy();
  server.resume();
  await closed(server);
  t.is(accepted.links.size, 0);
  accepted.close();
  t.is(nats.subscriptions, 0);
});
