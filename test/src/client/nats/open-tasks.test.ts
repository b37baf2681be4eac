/** The client of calls for later, with a JetStream in memory. */
import { getEventListeners } from 'node:events';
import test from 'ava';
import type { TaskClient } from '../../../../src/client/index.ts';
import { openTasks } from '../../../../src/client/nats/open-tasks.ts';
import type { JetStream } from '../../../../src/nats/later/jetstream.ts';
import { errorBody } from '../../../../src/nats/later/task-messages.ts';
import type { NatsConnection } from '../../../../src/nats/nats-types.ts';
import { recordSignals } from '../../../helpers/recorded-signals.ts';
import { until } from '../../../helpers/until.ts';

type Found = Awaited<ReturnType<JetStream['streams']['getMessage']>>;
type Published = Awaited<ReturnType<ReturnType<JetStream['jetstream']>['publish']>>;

type World = {
  client: TaskClient;
  /** How often an outcome was asked for. */
  questions: number;
  isSubscribed: boolean;
  /** What an instance publishes. */
  announce(): void;
};

type Setup = {
  /** What JetStream says to a message. */
  publish?: () => Promise<Published>;
  outcome?: () => Found;
  /** What `subscribe()` of the connection throws. */
  closed?: Error;
};

async function start({ publish, outcome = () => null, closed }: Setup = {}): Promise<World> {
  const world: Omit<World, 'client'> = { questions: 0, isSubscribed: false, announce: () => undefined };
  const nats = {
    subscribe(_subject: string, { callback }: { callback: (error: null, message: never) => void }) {
      if (closed !== undefined) throw closed;
      world.announce = () => callback(null, undefined as never);
      world.isSubscribed = true;
      const unsubscribe = (): void => {
        world.isSubscribed = false;
      };
      return { unsubscribe };
    },
    publish: () => undefined,
    isClosed: () => false,
  };
  const jetStream = {
    streams: {
      async getMessage(stream: string) {
        if (stream.endsWith('-tasks')) return { data: new Uint8Array() };
        world.questions += 1;
        return outcome();
      },
    },
    jetstream: () => ({ publish }),
  };
  const jetstream = { jetstreamManager: async () => jetStream };
  const client = await openTasks('nats://a/later', { nats: nats as unknown as NatsConnection, jetstream });
  return Object.assign(world, { client });
}

test.serial('a wait has one listener, however often it asks', async (t) => {
  let hasEnded = false;
  const outcome = (): Found => (hasEnded ? { data: errorBody('mine', 1, { code: -1, message: 'm' }, 1_000) } : null);
  const world = await start({ outcome });
  const { signals, result } = recordSignals(() => world.client.result('mine', { wait: true }));
  await until(() => world.questions === 1);
  // What is announced is asked for soon.
  world.announce();
  await until(() => world.questions >= 6);
  t.is(signals.length, 1);
  for (const signal of signals) t.is(getEventListeners(signal, 'abort').length, 1);
  hasEnded = true;
  t.like(await result, { outcome: 'error', deliveries: 1 });
});

test.serial('the end of a wait wakes it', async (t) => {
  const world = await start();
  const controller = new AbortController();
  const result = world.client.result('mine', { wait: true, signal: controller.signal });
  await until(() => world.questions === 1);
  controller.abort(new Error('enough'));
  await t.throwsAsync(result, { message: 'enough' });
  t.is(getEventListeners(controller.signal, 'abort').length, 0);
  // Not when its timer fires.
  await new Promise(setImmediate);
  t.false(world.isSubscribed);
});

for (const name of ['ClosedConnectionError', 'DrainingConnectionError']) {
  test(`a wait over a connection that is closed says so by its code: ${name}`, async (t) => {
    const { client } = await start({ closed: Object.assign(new Error('closed'), { name }) });
    await t.throwsAsync(client.result('mine', { wait: true }), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  });
}

test('an id that has just been made is no duplicate: the message was sent again', async (t) => {
  const { client } = await start({ publish: async () => ({ duplicate: true }) });
  t.like(await client.enqueue('m', []), { isDuplicate: false });
  t.deepEqual(await client.enqueue('m', [], { id: 'mine' }), { id: 'mine', isDuplicate: true });

  // Once JetStream has forgotten the id of the message, its subject has it still.
  const known = Object.assign(new Error('maximum messages per subject exceeded'), { code: 10_077 });
  const other = await start({ publish: () => Promise.reject(known) });
  t.like(await other.client.enqueue('m', []), { isDuplicate: false });
  t.deepEqual(await other.client.enqueue('m', [], { id: 'mine' }), { id: 'mine', isDuplicate: true });
});
