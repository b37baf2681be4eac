import type { Duplex } from 'node:stream';
import test from 'ava';
import { createPlainCalls, type PlainCalls, type PlainReply } from '../../../src/serve/plain-calls.ts';
import { encodeClosing } from '../../../wire/closing.ts';
import { encodeFrame, payloadStart } from '../../../wire/frame.ts';
import { createFrameReader } from '../../../wire/frame-reader.ts';
import { until } from '../../helpers/until.ts';

/** The agent's end of one conversation. */
type Conversation = { stream: Duplex; requests: string[] };

type World = {
  conversations: Conversation[];
  replies: string[];
  call(name: string): void;
};

function start(kind: 'raw' | 'rpc', maxOpen = 1_000): World {
  const conversations: Conversation[] = [];
  const replies: string[] = [];
  const calls: PlainCalls = createPlainCalls(
    (stream) => {
      const requests: string[] = [];
      const reader = createFrameReader({ maxFrameBytes: 1_000, maxRunFrames: 1 });
      stream.on('data', (bytes: Buffer) =>
        reader.push(bytes, (frame) => void requests.push(frame.toString('utf8', payloadStart(frame, 0)))),
      );
      conversations.push({ stream, requests });
    },
    { kind, maxFrameBytes: 1_000, maxOpen },
  );
  return {
    conversations,
    replies,
    call(name) {
      const asks = { timeoutMs: undefined, traceparent: undefined, tracestate: undefined };
      const method = kind === 'raw' ? undefined : name;
      const onReply = (reply: PlainReply): void =>
        void replies.push(
          `${name}: ${'result' in reply ? Buffer.from(reply.result) : /leaves|have run|too many/.exec(reply.error.message)}`,
        );
      calls.call(method, Buffer.from(JSON.stringify(name)), asks, onReply);
    },
  };
}

/** The text of a result, as an agent of `kind` sends it. */
function replyTo(kind: 'raw' | 'rpc', id: number, result: string): Buffer {
  return encodeFrame(Buffer.from(kind === 'raw' ? result : `{"jsonrpc":"2.0","id":${id},"result":${result}}`));
}

for (const kind of ['raw', 'rpc'] as const) {
  test(`${kind}: after a closing notice, the next conversation has replies and an end of its own`, async (t) => {
    const { conversations, replies, call } = start(kind);
    call('one');
    await until(() => conversations[0]?.requests.length === 1);
    conversations[0]?.stream.write(encodeClosing(1));
    await until(() => conversations[0]?.stream.writableLength === 0);
    // The notice is read in a later turn of the event loop: until then, calls go to the conversation that leaves.
    await until(() => {
      call('next');
      return conversations.length === 2;
    });
    await until(() => (conversations[1]?.requests.length ?? 0) > 0);
    t.false(replies.some((line) => line.startsWith('one:')));

    const firstNext = replies.length;
    const id = kind === 'raw' ? 0 : (JSON.parse(conversations[1]?.requests[0] ?? '').id as number);
    conversations[1]?.stream.write(replyTo(kind, id, '2'));
    await until(() => replies.length > firstNext);
    t.deepEqual(replies.slice(firstNext), ['next: 2']);

    call('last');
    await until(() => conversations[1]?.requests.at(-1)?.includes('last') === true);
    conversations[0]?.stream.destroy();
    await until(() => replies.includes('one: have run'));
    t.false(replies.some((line) => line.startsWith('last:')));
    conversations[1]?.stream.destroy();
    await until(() => replies.includes('last: have run'));
  });

  test(`${kind}: calls that the agent has not run are refused at the closing notice`, async (t) => {
    const { conversations, replies, call } = start(kind);
    for (const name of ['one', 'two', 'three']) call(name);
    await until(() => conversations[0]?.requests.length === 3);
    conversations[0]?.stream.write(replyTo(kind, 1, '1'));
    conversations[0]?.stream.write(encodeClosing(1));
    await until(() => replies.length === 3);
    t.deepEqual(replies, ['one: 1', 'two: leaves', 'three: leaves']);
  });

  test(`${kind}: the limit of open calls counts those of all conversations`, async (t) => {
    const { conversations, replies, call } = start(kind, 2);
    call('one');
    call('two');
    call('three');
    t.deepEqual(replies, ['three: too many']);
    await until(() => conversations[0]?.requests.length === 2);
    conversations[0]?.stream.destroy();
    await until(() => replies.length === 3);
    call('four');
    await until(() => conversations[1]?.requests.length === 1);
    t.is(replies.length, 3);
  });
}
