import test from 'ava';
import type { NatsMessage } from '../../../../src/nats/nats-types.ts';
import { type Pulls, startPulls } from '../../../../src/serve/later/pulls.ts';
import { until } from '../../../helpers/until.ts';

type World = {
  pulls: Pulls;
  /** How many tasks each question has asked for. */
  asked: number[];
  taken: string[];
  refused: number[];
  faults: unknown[];
  free: number;
  /** A message of JetStream, about the last question. */
  send(message: { subject?: string; code?: number }): void;
  /** A message in a form of its own. */
  receive(message: NatsMessage): void;
};

function start({ free = 2 } = {}): World {
  const questions: { batch: number; reply: string }[] = [];
  let receive: (error: Error | null, message: NatsMessage) => void = () => undefined;
  const world: Omit<World, 'pulls'> = {
    free,
    get asked() {
      return questions.map(({ batch }) => batch);
    },
    taken: [],
    refused: [],
    faults: [],
    receive: (message) => receive(null, message),
    send({ subject, code = 0 }) {
      const headers = { code, get: () => '', set: () => undefined };
      const { reply } = questions.at(-1) as { reply: string };
      receive(null, { subject: subject ?? reply, data: new Uint8Array(), ...(code > 0 && { headers }) });
    },
  };
  const nats = {
    publish(subject: string, payload: Uint8Array, { reply = '' } = {}) {
      if (subject !== '$JS.API.CONSUMER.MSG.NEXT.tasks.instances') throw new Error(subject);
      questions.push({ batch: JSON.parse(String(payload)).batch, reply });
    },
    subscribe(_subject: string, { callback }: { callback: typeof receive }) {
      receive = callback;
      return { unsubscribe: () => undefined, drain: async () => undefined };
    },
  };
  const pulls = startPulls(nats, {
    ...{ stream: 'tasks', inboxPrefix: '_INBOX' },
    free: () => world.free,
    onMessage: ({ subject }) => {
      if (subject === 'a.fault') throw new Error('fault');
      world.free -= 1;
      world.taken.push(subject);
    },
    onRefused: (status) => world.refused.push(status),
    onFault: (error) => world.faults.push(error),
  });
  return Object.assign(world, { pulls });
}

test('asks for as many tasks as there are places, and again when they have come', (t) => {
  const world = start({ free: 2 });
  t.deepEqual(world.asked, [2]);
  world.send({ subject: 'a.1' });
  world.free += 1;
  world.pulls.ask();
  t.deepEqual(world.asked, [2], 'one question at a time');
  world.send({ subject: 'a.2' });
  t.deepEqual(world.taken, ['a.1', 'a.2']);
  t.deepEqual(world.asked, [2, 1]);
});

test('asks for nothing without a place, and for a place that becomes free', async (t) => {
  const world = start({ free: 0 });
  t.deepEqual(world.asked, []);
  world.free = 3;
  world.pulls.ask();
  t.deepEqual(world.asked, [3]);
  // Requests of other clients end without a word.
  const other = start({ free: 0 });
  other.free = 1;
  await until(() => other.asked.length === 1);
});

test('asks again after the time of a question, a refusal, and a reconnection', async (t) => {
  const world = start({ free: 2 });
  world.send({ code: 408 });
  await until(() => world.asked.length === 2);
  t.deepEqual(world.refused, []);
  world.send({ code: 409 });
  t.deepEqual(world.refused, [409]);
  await until(() => world.asked.length === 3);
  world.pulls.restart();
  t.is(world.asked.length, 4);
  // What belongs to an earlier question does not end this one.
  world.send({ subject: 'a.1' });
  t.is(world.asked.length, 4);
});

test('asks for nothing after the stop, and passes on what was on the way', async (t) => {
  const world = start({ free: 1 });
  await world.pulls.stop();
  world.send({ subject: 'a.1' });
  t.deepEqual(world.taken, ['a.1']);
  world.free = 5;
  world.pulls.ask();
  world.pulls.restart();
  t.deepEqual(world.asked, [1]);
});

test('no message ends the reading of others: an error would leave the callback of the subscription', (t) => {
  const world = start({ free: 3 });
  // The package reads headers when they are asked for, and takes no key with a space.
  const unreadable = {
    ...{ subject: 'a.1', reply: '', data: new Uint8Array() },
    get headers(): never {
      throw new Error('invalid header');
    },
  };
  t.notThrows(() => world.receive(unreadable));
  t.deepEqual([world.taken, world.faults], [['a.1'], []], 'it is a task all the same');
  t.notThrows(() => world.send({ subject: 'a.fault' }));
  t.like(world.faults, [{ message: 'fault' }]);
  world.send({ subject: 'a.2' });
  t.deepEqual(world.taken, ['a.1', 'a.2']);
});
