/** The memory of requests and replies is counted, and goes back to nothing; what waits for memory always gets on. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { Conversation } from '../../../src/dispatch/connection/conversation-options.ts';
import type { AgentKind } from '../../../workers/task.ts';
import { type Bench, createBench, runOf, stopBenches } from '../../helpers/dispatch-bench.ts';

test.after.always(stopBenches);

const KIB = 1024;
/** Its requests, and what becomes of replies that it does not read. */
type Client = {
  conversation: Conversation;
  received: number;
  isBlocked: boolean;
  isClosed: boolean;
  read(): void;
  close(): void;
};

function connect(bench: Bench): Client {
  const { dispatcher } = bench;
  let unread: { bytes: number; release: (() => void) | undefined }[] = [];
  const take = (): void => {
    for (const { bytes, release } of unread) {
      dispatcher.hold('unread', -bytes);
      release?.();
    }
    unread = [];
  };
  const client: Client = {
    received: 0,
    isBlocked: false,
    isClosed: false,
    read() {
      client.isBlocked = false;
      take();
      client.conversation.resume();
    },
    close() {
      if (client.isClosed) return;
      client.isClosed = true;
      take();
      client.conversation.abandon();
    },
    conversation: dispatcher.open({
      send(frames, retain) {
        client.received += 1;
        if (!client.isBlocked) return;
        // As a connection: shared memory is counted where it belongs.
        const bytes = frames.buffer instanceof SharedArrayBuffer ? 0 : frames.length;
        dispatcher.hold('unread', bytes);
        unread.push({ bytes, release: retain?.() });
      },
      fail: () => client.close(),
      settled: () => undefined,
      onFault(error: unknown) {
        throw error;
      },
      balance: () => undefined,
      sendPart: () => undefined,
      isWriteBlocked: () => client.isBlocked && unread.length > 0,
    }),
  };
  return client;
}

const STEPS = fc.array(
  fc.record({
    client: fc.nat(3),
    step: fc.oneof(
      fc.record({ send: fc.array(fc.constantFrom(1, 40, 2_000, 60 * KIB), { minLength: 1, maxLength: 12 }) }),
      fc.record({ answer: fc.nat(40), bytes: fc.constantFrom(0, 10, 5_000, 100 * KIB, 700 * KIB) }),
      fc.constant('block'),
      fc.constant('read'),
      fc.constant('close'),
      fc.constant('settle'),
      fc.record({ crash: fc.nat(6) }),
    ),
  }),
  { maxLength: 40 },
);

for (const kind of ['raw', 'rpc'] as const) {
  for (const maxBytes of [1, 256 * KIB]) {
    test(`${kind}, ${maxBytes} bytes: whatever clients and threads do, every request ends and no byte stays counted`, async (t) => {
      const holds = fc.asyncProperty(STEPS, async (steps) => checkMemory(kind, maxBytes, steps));
      await t.notThrowsAsync(() => fc.assert(holds, { numRuns: 40 }));
    });
  }
}

async function checkMemory(
  kind: AgentKind,
  maxBytes: number,
  steps: readonly { client: number; step: unknown }[],
): Promise<void> {
  const bench = createBench({ known: kind, dispatcher: { maxBytes } });
  const clients: Client[] = Array.from({ length: 4 }, () => connect(bench));
  for (const { client: who, step } of steps) await takeStep(bench, clients, who, step as Step);
  // Clients that read, and handlers that return, lead to an end, however little memory there may be.
  for (let rounds = 0; bench.dispatcher.requests > 0; rounds += 1) {
    ok(rounds < 2_000, `${bench.dispatcher.requests} requests do not end`);
    for (const client of clients) if (!client.isClosed) client.read();
    await bench.settle();
    for (const { answer } of bench.calls.splice(0)) await answer('x');
  }
  for (const client of clients) client.read();
  // A handler that goes on after its client has closed keeps the memory of its request.
  for (const { answer } of bench.calls.splice(0)) await answer('x');
  await bench.settle();
  // Memory of the pool is retained only within an eighth of the limit, which is less than its smallest size.
  deepStrictEqual(bench.dispatcher.bytes, 0);
  deepStrictEqual(
    [...bench.credit.values()].filter((units) => units !== 0),
    [],
  );
}

type Step =
  | { send: number[] }
  | { answer: number; bytes: number }
  | { crash: number }
  | 'block'
  | 'read'
  | 'close'
  | 'settle';

async function takeStep(bench: Bench, clients: Client[], who: number, step: Step): Promise<void> {
  const client = clients[who] as Client;
  if (step === 'settle') await bench.settle();
  else if (step === 'block') client.isBlocked = true;
  else if (step === 'read') client.read();
  else if (step === 'close') {
    client.close();
    clients[who] = connect(bench);
  } else if ('send' in step) {
    if (!client.isClosed && !client.conversation.isOverfull) {
      client.conversation.dispatch(runOf(...step.send.map((bytes, id) => requestOf(bytes, id))));
    }
  } else if ('crash' in step) await bench.tasks[step.crash]?.crash();
  else {
    const [call] = bench.calls.splice(step.answer, 1);
    await call?.answer('y'.repeat(step.bytes));
  }
}

function requestOf(bytes: number, id: number): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"m","params":["${'p'.repeat(bytes)}"]}`;
}
