/** Whoever does not get on is found, as long as there is anybody to look at. */
import { EventEmitter, once } from 'node:events';
import test from 'ava';
import { createWatch } from '../../../src/dispatch/stall-detector.ts';

test('what does not get on is told of, and what does is not', async (t) => {
  const events = new EventEmitter();
  const [stuck, fine] = [{ isStuck: () => true }, { isStuck: () => false }];
  const watch = createWatch(new Set([fine, stuck]), (flight) => events.emit('stuck', flight));
  const told = once(events, 'stuck');
  watch.start();
  t.deepEqual((await told)[0] === stuck, true);
  watch.stop();
});

test('it looks while there is something to look at, and again when it is started again', async (t) => {
  const looks = new EventEmitter();
  const flights = new Set<{ isStuck(): boolean }>();
  const watch = createWatch(flights, () => undefined);
  for (let times = 0; times < 2; times += 1) {
    const flight = {
      isStuck(): boolean {
        flights.delete(flight);
        return looks.emit('look');
      },
    };
    flights.add(flight);
    const looked = once(looks, 'look');
    watch.start();
    await looked;
  }
  watch.stop();
  t.pass();
});
