/** Whoever does not get on is found, as long as there is anybody to look at. */
import { EventEmitter, once } from 'node:events';
import test from 'ava';
import type { Flight } from '../../../src/dispatch/flight.ts';
import { createWatch } from '../../../src/dispatch/watch.ts';

/** Only what the watch asks of a flight. */
function flightThat(isStuck: () => boolean): Flight {
  const never = (): never => {
    throw new Error('not the business of a watch');
  };
  return {
    get batch() {
      return never();
    },
    thread: 0,
    frames: 0,
    owed: 0,
    collect: never,
    visit: never,
    skip: never,
    isOpen: never,
    observe: never,
    recall: never,
    settle: never,
    land: never,
    lose: never,
    isFinished: () => false,
    isStuck,
  };
}

test('what does not get on is told of, and what does is not', async (t) => {
  const events = new EventEmitter();
  const [stuck, fine] = [flightThat(() => true), flightThat(() => false)];
  const watch = createWatch(new Set([fine, stuck]), (flight) => events.emit('stuck', flight));
  const told = once(events, 'stuck');
  watch.start();
  t.deepEqual((await told)[0] === stuck, true);
  watch.stop();
});

test('it looks while there is something to look at, and again when it is started again', async (t) => {
  const looks = new EventEmitter();
  const flights = new Set<Flight>();
  const watch = createWatch(flights, () => undefined);
  for (let times = 0; times < 2; times += 1) {
    const flight = flightThat(() => {
      flights.delete(flight);
      return looks.emit('look');
    });
    flights.add(flight);
    const looked = once(looks, 'look');
    watch.start();
    await looked;
  }
  watch.stop();
  t.pass();
});
