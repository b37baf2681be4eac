/** One side of a link against another side that keeps no rule. */
import test from 'ava';
import fc from 'fast-check';
import { Link } from '../../../src/nats/link.ts';
import {
  decodeMessage,
  encodeClose,
  encodeCredit,
  encodeMessage,
  HEADER_BYTES,
  KINDS,
  type Kind,
} from '../../../src/nats/link-message.ts';

const MEBIBYTE = 1_048_576;
const CLOSED = 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';
const credit = (consumed: number): Buffer => encodeCredit({ consumed, places: 1 });

/** A link whose other side is the test. */
function createSide({ receiveWindow = MEBIBYTE, sendWindow = MEBIBYTE } = {}) {
  const sent: Buffer[] = [];
  const link = new Link({
    publish: (message) => sent.push(Buffer.from(message)),
    ...{ receiveWindow, sendWindow },
    maxPayload: undefined,
    onClosed: () => undefined,
  });
  link.on('error', () => undefined);
  let sequence = 0;
  return {
    link,
    sent,
    receive(kind: Kind, body: Uint8Array = new Uint8Array()): void {
      link.receive(encodeMessage(kind, sequence, body));
      sequence += 1;
    },
    /** The bytes of the conversation that were sent. */
    dataBytes: (): number =>
      sent.filter(([kind]) => kind === KINDS.data).reduce((sum, { length }) => sum + length - HEADER_BYTES, 0),
  };
}

function codeOf(link: Link): unknown {
  return (link.errored as { code?: unknown } | null)?.code;
}

/** Until what was written in this turn is sent. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a message of no bytes ends the link, whether it is read or not', (t) => {
  for (const isRead of [true, false]) {
    const { link, receive } = createSide();
    if (isRead) link.resume();
    receive(KINDS.data, Buffer.of(1));
    receive(KINDS.data);
    t.true(link.destroyed);
    t.is(codeOf(link), CLOSED);
  }
});

test('a window of messages of one byte each is read as a few chunks', async (t) => {
  const { link, receive } = createSide();
  const count = MEBIBYTE;
  for (let n = 0; n < count; n += 1) receive(KINDS.data, Buffer.of(n % 251));
  t.false(link.destroyed);
  receive(KINDS.end);
  const chunks: Buffer[] = [];
  for await (const chunk of link.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  t.true(chunks.length < 100, `${chunks.length}`);
  t.true(Buffer.concat(chunks).every((byte, index) => byte === index % 251));
  t.is(Buffer.concat(chunks).length, count);
  link.destroy();
});

test('a byte beyond the window ends the link', (t) => {
  const { link, receive } = createSide({ receiveWindow: 100 });
  for (let n = 0; n < 100; n += 1) receive(KINDS.data, Buffer.of(n));
  t.false(link.destroyed);
  receive(KINDS.data, Buffer.of(1));
  t.is(codeOf(link), CLOSED);
});

test('a credit that goes back ends the link, and nothing more is sent', async (t) => {
  const { link, receive, dataBytes } = createSide({ sendWindow: 1_000 });
  link.write(Buffer.alloc(900));
  await turn();
  receive(KINDS.credit, credit(900));
  link.write(Buffer.alloc(900));
  await turn();
  receive(KINDS.credit, credit(0));
  link.write(Buffer.alloc(2_000));
  await turn();
  t.is(dataBytes(), 1_800);
  t.is(codeOf(link), CLOSED);
});

for (const consumed of [901, 2 ** 47, 2 ** 48 - 1])
  test(`a credit for ${consumed} of 900 bytes ends the link`, async (t) => {
    const { link, receive, dataBytes } = createSide({ sendWindow: 1_000 });
    link.write(Buffer.alloc(900));
    await turn();
    receive(KINDS.credit, credit(consumed));
    link.write(Buffer.alloc(2_000));
    await turn();
    t.is(dataBytes(), 900);
    t.is(codeOf(link), CLOSED);
  });

test('what cannot have been read is not known to be undelivered', async (t) => {
  for (const [taken, known] of [
    [500, 500],
    [900, 900],
    [499, undefined],
    [901, undefined],
    [undefined, undefined],
  ]) {
    const closing = createSide();
    closing.link.write(Buffer.alloc(900));
    await turn();
    closing.receive(KINDS.credit, credit(500));
    closing.receive(KINDS.close, encodeClose(taken, 'gone'));
    t.is(closing.link.undeliveredFrom, known);
    const gone = createSide();
    gone.link.write(Buffer.alloc(900));
    await turn();
    gone.receive(KINDS.credit, credit(500));
    gone.link.onUndelivered(taken ?? Number.NaN);
    t.is(gone.link.undeliveredFrom, known);
  }
});

test('the text of an error of the other side is read up to a limit', (t) => {
  const { link, receive } = createSide();
  receive(KINDS.close, encodeClose(0, 'x'.repeat(100_000)));
  t.true((link.errored as Error).message.length < 3_000);
});

type Step =
  | { step: 'message'; kind: Kind; body: Uint8Array }
  | { step: 'bytes'; bytes: Uint8Array }
  | { step: 'credit' | 'write'; count: number }
  | { step: 'read' | 'undelivered' | 'turn' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: messages([KINDS.data], fc.uint8Array({ minLength: 1, maxLength: 300 })) },
  { weight: 1, arbitrary: messages(Object.values(KINDS), fc.uint8Array({ maxLength: 20 })) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('bytes' as const), bytes: fc.uint8Array({ maxLength: 20 }) }) },
  { weight: 3, arbitrary: counted('credit', fc.oneof(fc.integer({ min: -5, max: 500 }), fc.constant(2 ** 47))) },
  { weight: 3, arbitrary: counted('write', fc.integer({ min: 0, max: 900 })) },
  { weight: 4, arbitrary: fc.record({ step: fc.constantFrom('read' as const, 'turn' as const) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('undelivered' as const) }) },
);

function messages(kinds: readonly Kind[], body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Step> {
  return fc.record({ step: fc.constant('message' as const), kind: fc.constantFrom(...kinds), body });
}

function counted(name: 'credit' | 'write', count: fc.Arbitrary<number>): fc.Arbitrary<Step> {
  return fc.record({ step: fc.constant(name), count });
}

test('after any sequence of messages, a link goes on within its windows, or is destroyed', async (t) => {
  const windows = { receiveWindow: 1_000, sendWindow: 700 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const side = createSide(windows);
      const { link } = side;
      let [arrived, read, credited, written] = [0, 0, 0, 0];
      for (const each of steps) {
        const wasOpen = !link.destroyed && !link.isComplete;
        if (each.step === 'message') {
          side.receive(each.kind, each.body);
          if (each.kind === KINDS.data) arrived += each.body.length;
          if (each.kind === KINDS.data && each.body.length === 0) t.true(link.destroyed || link.isComplete);
          const said =
            each.kind === KINDS.credit && each.body.length >= 10 ? Buffer.from(each.body).readUIntBE(0, 6) : 0;
          if (wasOpen && !link.destroyed) credited = Math.max(credited, said);
        } else if (each.step === 'bytes') link.receive(each.bytes);
        else if (each.step === 'credit') {
          const consumed = Math.max(0, credited + each.count);
          side.receive(KINDS.credit, credit(consumed));
          if (wasOpen && !link.destroyed) credited = consumed;
        } else if (each.step === 'write' && link.writable) {
          written += each.count;
          link.write(Buffer.alloc(each.count));
        } else if (each.step === 'read') read += (link.read() as Buffer | null)?.length ?? 0;
        else if (each.step === 'undelivered') link.onUndelivered(written);
        else if (each.step === 'turn') await turn();
        t.true(side.dataBytes() <= Math.min(credited + windows.sendWindow, written));
        // The Readable has one message beside the window.
        if (!link.destroyed && !link.isComplete) t.true(arrived - read <= windows.receiveWindow + 300);
      }
      await turn();
      if (link.destroyed && link.errored !== null) t.is(codeOf(link), CLOSED);
      if (link.destroyed || link.isComplete) return;
      // It still answers.
      const before = side.sent.length;
      side.receive(KINDS.ping, Buffer.of(1));
      t.is(decodeMessage(side.sent[before] as Buffer)?.kind, KINDS.credit);
      link.destroy();
    }),
    { numRuns: 1_000 },
  );
});
