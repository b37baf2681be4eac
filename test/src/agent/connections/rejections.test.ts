/** What the log says of those that are turned away. */
import test from 'ava';
import { createRejections, type Rejections } from '../../../../src/agent/connections/rejections.ts';
import { type ErrorCode, LaunchpoolError } from '../../../../wire/errors.ts';

type Line = { error: { code: string }; connections: number };

function lay(): { rejections: Rejections; lines: Line[]; at: (ms: number) => void; tell: (code: ErrorCode) => void } {
  let now = 5_000;
  const lines: Line[] = [];
  const warn = (...[fields]: [object, string] | [string]): void => void lines.push(fields as Line);
  const rejections = createRejections({ warn }, () => now);
  return {
    rejections,
    lines,
    at(ms) {
      now = ms;
    },
    tell: (code) => rejections.tell(new LaunchpoolError(code, 'why')),
  };
}

test('the first of each code is logged at once', (t) => {
  const { lines, tell } = lay();
  tell('ERR_LAUNCHPOOL_PEER_REFUSED');
  tell('ERR_LAUNCHPOOL_BUSY');
  t.like(lines, [
    { error: { code: 'ERR_LAUNCHPOOL_PEER_REFUSED' }, connections: 1 },
    { error: { code: 'ERR_LAUNCHPOOL_BUSY' }, connections: 1 },
  ]);
});

test('a hundred thousand of them make a line a second, which says how many there were, and are counted', (t) => {
  const { rejections, lines, at, tell } = lay();
  for (let nth = 0; nth < 100_000; nth += 1) {
    at(10_000 + nth / 40);
    tell('ERR_LAUNCHPOOL_BUSY');
  }
  t.is(lines.length, 3);
  t.is(lines.reduce((sum, { connections }) => sum + connections, 0) <= 100_000, true);
  t.true((lines[1] as Line).connections > 30_000);
  t.deepEqual(rejections.counts, { ERR_LAUNCHPOOL_BUSY: 100_000 });
});

test('what the system has against a connection counts by its own code', (t) => {
  const { rejections } = lay();
  rejections.tell(Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
  t.deepEqual(rejections.counts, { EMFILE: 1 });
});
