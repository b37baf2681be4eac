/** The ledger finds every way in which a request can come to a wrong end. */
import test from 'ava';
import type { Signal } from '../../chaos/agents.ts';
import { createLedger, NOT_RUN, type Question, UNDER_FIRE } from '../../chaos/ledger.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

/** An agent whose process was sent these just now. */
const heldAfter = (...sent: Signal[]): Question['held'] => ({
  name: 'main',
  wasSent: (signals) => sent.some((signal) => signals.includes(signal)),
});
const held = heldAfter();
const isRight: Question['isRight'] = (answer, payload) => answer === payload;
const rejects = (code: 'ERR_LAUNCHPOOL_THREAD_EXITED' | 'ERR_LAUNCHPOOL_CONNECTION_CLOSED') => () =>
  Promise.reject(new LaunchpoolError(code, 'it ended'));

test('a right result is none', async (t) => {
  const ledger = createLedger();
  await ledger.ask({ held, what: 'sync', isRight, ask: async (payload) => payload });
  await ledger.close(0);
  t.deepEqual(ledger.faults(), []);
  t.deepEqual(ledger.fates(), { result: 1 });
});

test('the result of another request is', async (t) => {
  const ledger = createLedger();
  await ledger.ask({ held, what: 'sync', isRight, ask: async () => 'request 2' });
  t.deepEqual(ledger.faults(), ['main, sync, request 1: wrong: "request 2"']);
});

test('an error is, unless there is a reason for it', async (t) => {
  const ask = rejects('ERR_LAUNCHPOOL_THREAD_EXITED');
  const calm = createLedger();
  await calm.ask({ held, what: 'sync', isRight, ask });
  t.deepEqual(calm.faults(), ['main, sync, request 1: ERR_LAUNCHPOOL_THREAD_EXITED, for no reason']);
  const fired = createLedger(UNDER_FIRE);
  await fired.ask({ held, what: 'sync', isRight, ask });
  t.deepEqual(fired.faults(), []);
});

test('what a handler throws is right only with its own message', async (t) => {
  const ledger = createLedger();
  for (const message of ['request 1', 'request 1']) {
    const ask = (): Promise<never> => Promise.reject(Object.assign(new Error(message), { code: 'E_TEST' }));
    const saysPayload: Question['isRight'] = (error, payload) => (error as Error).message === payload;
    await ledger.ask({ held, what: 'fail', allowed: ['E_TEST'], isRight: saysPayload, ask });
  }
  t.deepEqual(ledger.faults().length, 1);
  t.regex(ledger.faults().join(), /request 2: wrong/);
});

test('a connection that closes is, unless the process was killed, or has left and may, or the agent may ever', async (t) => {
  const ask = rejects('ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  const ledger = createLedger(UNDER_FIRE);
  await ledger.ask({ held: heldAfter('SIGKILL'), what: 'sync', isRight, ask });
  await ledger.ask({ held: heldAfter('SIGTERM'), what: 'sync', mayClose: 'leaving', isRight, ask });
  await ledger.ask({ held, what: 'sync', mayClose: 'ever', isRight, ask });
  t.deepEqual(ledger.faults(), []);
  await ledger.ask({ held, what: 'sync', isRight, ask });
  await ledger.ask({ held, what: 'sync', mayClose: 'leaving', isRight, ask });
  await ledger.ask({ held: heldAfter('SIGTERM'), what: 'sync', isRight, ask });
  t.is(ledger.faults().length, 3);
});

test('an error that no page speaks of is', async (t) => {
  const ledger = createLedger(['EPIPE']);
  const ask = (): Promise<never> => Promise.reject(Object.assign(new Error('broken'), { code: 'EPIPE' }));
  await ledger.ask({ held, what: 'sync', isRight, ask });
  t.deepEqual(ledger.faults(), ['main, sync, request 1: EPIPE, which no page speaks of']);
});

test('two outcomes are, and so is none', async (t) => {
  const ledger = createLedger();
  const [twice, never] = [ledger.open({ held, what: 'plain' }), ledger.open({ held, what: 'plain' })];
  ledger.settle(twice, 'result');
  ledger.settle(twice, 'result');
  await ledger.close(0);
  t.is(ledger.pending, 1);
  t.deepEqual(ledger.faults(), [
    'main, plain, request 1: settled twice, then as result',
    'main, plain, request 2: no outcome',
  ]);
  ledger.settle(never, 'result');
});

test('that a request was not run is right only for who may be told so', (t) => {
  const ledger = createLedger();
  ledger.settle(ledger.open({ held, what: 'plain', allowed: [NOT_RUN] }), NOT_RUN);
  t.deepEqual(ledger.faults(), []);
  ledger.settle(ledger.open({ held, what: 'plain' }), NOT_RUN);
  t.is(ledger.faults().length, 1);
});

test('outcomes are counted by agent and of all', (t) => {
  const ledger = createLedger();
  for (const name of ['main', 'raw', 'raw']) {
    ledger.settle(ledger.open({ held: { ...held, name }, what: 'plain' }), 'result');
  }
  t.deepEqual(ledger.fates('raw'), { result: 2 });
  t.deepEqual(ledger.fates('cramped'), {});
  t.deepEqual(ledger.fates(), { result: 3 });
});
