/** Random projects of small packages, under plain Node and as agents: see test/src/bundle/package-graphs.ts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareGraphs } from '../../test/src/bundle/compare-graphs.ts';

/** One process answers for this many projects. */
const AT_ONCE = 50;

/** Prints the differences. Returns whether there is none. */
export async function compareMany(count: number): Promise<boolean> {
  const start = Math.floor(Math.random() * 1e9);
  let [differences, answering, oneFile] = [0, 0, 0];
  for (let done = 0; done < count; done += AT_ONCE) {
    const seeds = Array.from({ length: Math.min(AT_ONCE, count - done) }, (_unused, index) => start + done + index);
    const folder = await mkdtemp(join(tmpdir(), 'lpg-'));
    const found = await compareGraphs(seeds, folder).finally(() => rm(folder, { recursive: true, force: true }));
    answering += found.answering;
    oneFile += found.oneFile;
    differences += found.differences.length;
    for (const difference of found.differences) console.log(JSON.stringify(difference));
    if (process.stderr.isTTY) process.stderr.write(`\r${done + seeds.length} of ${count} random projects`);
  }
  console.log(
    `${count} random projects from seed ${start}: ${answering} answer, ${oneFile} as one file, ${differences} differences`,
  );
  return differences === 0;
}
