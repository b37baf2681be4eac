/** Threads that cannot load the module: how many of them in a row make the module a broken one. */
import test from 'ava';
import { createLoadFailures } from '../../../src/pool/load-failures.ts';

test('a module that no thread has loaded is to blame from the first failure on', (t) => {
  const changes: boolean[] = [];
  const { onFailed } = createLoadFailures((hasLoaded) => changes.push(hasLoaded));
  for (let time = 0; time < 10; time += 1) onFailed();
  t.deepEqual(changes, []);
});

test('after a module was loaded, five failures in a row make it broken; a thread that loads it ends the row', (t) => {
  const changes: boolean[] = [];
  const { onLoaded, onFailed } = createLoadFailures((hasLoaded) => changes.push(hasLoaded));
  onLoaded();
  for (let time = 0; time < 4; time += 1) onFailed();
  onLoaded();
  for (let time = 0; time < 4; time += 1) onFailed();
  t.deepEqual(changes, [true]);
  onFailed();
  onFailed();
  t.deepEqual(changes, [true, false]);
  onLoaded();
  t.deepEqual(changes, [true, false, true]);
});
