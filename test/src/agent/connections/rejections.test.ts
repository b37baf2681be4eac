/** Rejections in the log. */
import test from 'ava';
import { createRejections, type Rejections } from '../../../../src/agent/connections/rejections.ts';
import { type ErrorCode, LaunchpoolError } from '../../../../wire/errors.ts';

type Line = { error: { code: string }; connections: number };

function setUp(): {
  rejections: Rejections;
  lines: Line[];
  at: (ms: number) => void;
  report: (code: ErrorCode) => void;
} {
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
    report: (code) => rejections.report(new LaunchpoolError(code, 'rejected')),
  };
}

test('the first of each code is logged at once', (t) => {
  const { lines, report } = setUp();
  report('ERR_LAUNCHPOOL_PEER_REFUSED');
  report('ERR_LAUNCHPOOL_BUSY');
  t.like(lines, [
    { error: { code: 'ERR_LAUNCHPOOL_PEER_REFUSED' }, connections: 1 },
    { error: { code: 'ERR_LAUNCHPOOL_BUSY' }, connections: 1 },
  ]);
});

test('100 000 rejections write one line per second with their number, and are counted', (t) => {
  const { rejections, lines, at, report } = setUp();
  for (let nth = 0; nth < 100_000; nth += 1) {
    at(10_000 + nth / 40);
    report('ERR_LAUNCHPOOL_BUSY');
  }
  t.is(lines.length, 3);
  t.is(lines.reduce((sum, { connections }) => sum + connections, 0) <= 100_000, true);
  t.true((lines[1] as Line).connections > 30_000);
  t.deepEqual(rejections.counts, { ERR_LAUNCHPOOL_BUSY: 100_000 });
});

test('a system error counts by its own code', (t) => {
  const { rejections } = setUp();
  rejections.report(Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
  t.deepEqual(rejections.counts, { EMFILE: 1 });
});
