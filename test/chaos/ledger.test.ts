/** The ledger finds every kind of wrong outcome. */
import test from 'ava';
import type { Signal } from '../../chaos/agents.ts';
import { createLedger, DISTURBANCE_ERRORS, NOT_RUN, type Request } from '../../chaos/ledger.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

/** An agent to whose process the signals were sent just now. */
const heldAfter = (...sent: Signal[]): Request['held'] => ({
  name: 'main',
  wasSent: (signals) => sent.some((signal) => signals.includes(signal)),
});
const held = heldAfter();
const isRight: Request['isRight'] = (answer, payload) => answer === payload;
const rejects = (code: 'ERR_LAUNCHPOOL_THREAD_EXITED' | 'ERR_LAUNCHPOOL_CONNECTION_CLOSED') => () =>
  Promise.reject(new LaunchpoolError(code, 'it ended'));

test('a right result is no fault', async (t) => {
  const ledger = createLedger();
  await ledger.ask({ held, what: 'sync', isRight, ask: async (payload) => payload });
  await ledger.close(0);
  t.deepEqual(ledger.faults(), []);
  t.deepEqual(ledger.fates(), { result: 1 });
});

test('the result of another request is a fault', async (t) => {
  const ledger = createLedger();
  await ledger.ask({ held, what: 'sync', isRight, ask: async () => 'request 2' });
  t.deepEqual(ledger.faults(), ['main, sync, request 1: wrong: "request 2"']);
});

test('an error without a reason is a fault', async (t) => {
  const ask = rejects('ERR_LAUNCHPOOL_THREAD_EXITED');
  const undisturbed = createLedger();
  await undisturbed.ask({ held, what: 'sync', isRight, ask });
  t.deepEqual(undisturbed.faults(), ['main, sync, request 1: ERR_LAUNCHPOOL_THREAD_EXITED without a reason']);
  const disturbed = createLedger(DISTURBANCE_ERRORS);
  await disturbed.ask({ held, what: 'sync', isRight, ask });
  t.deepEqual(disturbed.faults(), []);
});

test('the error of a handler is right only with its own message', async (t) => {
  const ledger = createLedger();
  for (const message of ['request 1', 'request 1']) {
    const ask = (): Promise<never> => Promise.reject(Object.assign(new Error(message), { code: 'E_TEST' }));
    const hasPayloadAsMessage: Request['isRight'] = (error, payload) => (error as Error).message === payload;
    await ledger.ask({ held, what: 'fail', allowed: ['E_TEST'], isRight: hasPayloadAsMessage, ask });
  }
  t.deepEqual(ledger.faults().length, 1);
  t.regex(ledger.faults().join(), /request 2: wrong/);
});

test('a closed connection is a fault, except after a signal that allows it, or when the agent may always close', async (t) => {
  const ask = rejects('ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  const ledger = createLedger(DISTURBANCE_ERRORS);
  await ledger.ask({ held: heldAfter('SIGKILL'), what: 'sync', isRight, ask });
  await ledger.ask({ held: heldAfter('SIGTERM'), what: 'sync', mayClose: 'terminated', isRight, ask });
  await ledger.ask({ held, what: 'sync', mayClose: 'always', isRight, ask });
  t.deepEqual(ledger.faults(), []);
  await ledger.ask({ held, what: 'sync', isRight, ask });
  await ledger.ask({ held, what: 'sync', mayClose: 'terminated', isRight, ask });
  await ledger.ask({ held: heldAfter('SIGTERM'), what: 'sync', isRight, ask });
  t.is(ledger.faults().length, 3);
});

test('an undocumented error is a fault', async (t) => {
  const ledger = createLedger(['EPIPE']);
  const ask = (): Promise<never> => Promise.reject(Object.assign(new Error('broken'), { code: 'EPIPE' }));
  await ledger.ask({ held, what: 'sync', isRight, ask });
  t.deepEqual(ledger.faults(), ['main, sync, request 1: EPIPE is not documented']);
});

test('two outcomes and no outcome are faults', async (t) => {
  const ledger = createLedger();
  const [twice, never] = [ledger.open({ held, what: 'frames' }), ledger.open({ held, what: 'frames' })];
  ledger.settle(twice, 'result');
  ledger.settle(twice, 'result');
  await ledger.close(0);
  t.is(ledger.pending, 1);
  t.deepEqual(ledger.faults(), [
    'main, frames, request 1: settled twice, then as result',
    'main, frames, request 2: no outcome',
  ]);
  ledger.settle(never, 'result');
});

test('the outcome that a request was not run is right only where it is allowed', (t) => {
  const ledger = createLedger();
  ledger.settle(ledger.open({ held, what: 'frames', allowed: [NOT_RUN] }), NOT_RUN);
  t.deepEqual(ledger.faults(), []);
  ledger.settle(ledger.open({ held, what: 'frames' }), NOT_RUN);
  t.is(ledger.faults().length, 1);
});

test('outcomes are counted by agent and in total', (t) => {
  const ledger = createLedger();
  for (const name of ['main', 'raw', 'raw']) {
    ledger.settle(ledger.open({ held: { ...held, name }, what: 'frames' }), 'result');
  }
  t.deepEqual(ledger.fates('raw'), { result: 2 });
  t.deepEqual(ledger.fates('cramped'), {});
  t.deepEqual(ledger.fates(), { result: 3 });
});
