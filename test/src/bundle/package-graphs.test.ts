/** Random projects answer as under Node. `npm run packages` has more of them. */
import test from 'ava';
import { tempDir } from '../../helpers/temp-dir.ts';
import { compareGraphs } from './compare-graphs.ts';

test('thirty random projects answer as under plain Node', async (t) => {
  t.timeout(120_000);
  const start = Math.floor(Math.random() * 1e9);
  t.log(`seeds from ${start}`);
  const seeds = Array.from({ length: 30 }, (_unused, index) => start + index);
  const { differences, answering, oneFile } = await compareGraphs(seeds, await tempDir(t));
  t.deepEqual(differences, []);
  t.true(answering > 0);
  t.log(`${answering} answer, ${oneFile} as one file`);
});
