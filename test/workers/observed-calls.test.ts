/** What a request costs: without a trace and a subscriber, it has neither a context nor a message. */
import { tracingChannel } from 'node:diagnostics_channel';
import test from 'ava';
import type { CallMessage } from '../../wire/call-channel.ts';
import { methodCaller } from '../../workers/method-caller.ts';
import { createRequests, type RequestContext } from '../../workers/requests.ts';
import { rawRunner } from '../../workers/run-raw.ts';
import { rpcRunner } from '../../workers/run-rpc.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** A runner whose method shows the context of its request. */
function created() {
  const requests = createRequests({});
  const contexts: (RequestContext | undefined)[] = [];
  const exported = { note: () => void contexts.push(requests.context()) };
  const caller = methodCaller({ exported, methods: new Set(['note']) });
  const unused = (): never => {
    throw new Error('not used');
  };
  const host = { requests, lateReplies: { add: unused }, params: unused };
  const runner = rpcRunner(caller, { exposeStacks: false }, host);
  const run = (members: object): void => {
    const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'note', ...members }));
    runner.run(bytes, 0, bytes.length);
  };
  return { requests, contexts, run };
}

test.serial('a request without a trace has no context; one with a trace has one, and the next has none again', (t) => {
  const { requests, contexts, run } = created();
  run({});
  run({ traceparent: TRACEPARENT });
  run({ traceparent: 'no' });
  run({});
  t.deepEqual(
    contexts.map((context) => context?.trace?.traceparent),
    [undefined, TRACEPARENT, undefined, undefined],
  );
  t.deepEqual(
    contexts.map((context) => context !== undefined),
    [false, true, false, false],
  );
  t.false(requests.hasContexts);
});

test.serial('while there is a subscriber, each request has a context and a message; a raw one, too', (t) => {
  const { contexts, run } = created();
  const messages: CallMessage[] = [];
  const subscriber = (message: unknown): void => void messages.push(message as CallMessage);
  const { asyncEnd } = tracingChannel('launchpool:call');
  run({});
  asyncEnd.subscribe(subscriber);
  t.teardown(() => asyncEnd.unsubscribe(subscriber));
  run({ id: 'x' });
  const raw = rawRunner(
    (message) => {
      if (message.length === 0) throw new RangeError('empty');
      return message;
    },
    { requests: createRequests({}) },
  );
  raw.run(Buffer.from('abc'), 0, 3);
  raw.run(Buffer.from('abc'), 0, 0);
  asyncEnd.unsubscribe(subscriber);
  run({});
  t.deepEqual(
    contexts.map((context) => context !== undefined),
    [false, true, false],
  );
  t.deepEqual(
    messages.map(({ role, method, id, errorType }) => [role, method, id, errorType]),
    [
      ['handler', 'note', 'x', undefined],
      ['handler', undefined, undefined, undefined],
      ['handler', undefined, undefined, 'RangeError'],
    ],
  );
});
