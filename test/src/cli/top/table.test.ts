/** The table and the lines of agents. */
import test from 'ava';
import fc from 'fast-check';
import type { Figures } from '../../../../src/cli/top/figures.ts';
import { agentLine, tableOf } from '../../../../src/cli/top/table.ts';

const BUSY: Figures = {
  name: 'com.example.busy',
  state: 'running',
  pid: 1,
  leavesInMs: null,
  perSecond: 1234.5,
  underWay: 12,
  waiting: 3,
  p50Ms: 0.25,
  p99Ms: 12.5,
  utilisation: [0, 0.5, 1],
  memoryBytes: 64 * 1024 ** 2,
  restarts: 1,
};
const WIDE = { columns: 200, rows: 50 };

test('an agent is a row with a bar for each thread', (t) => {
  t.deepEqual(tableOf([BUSY, { name: 'b', state: 'idle' }], WIDE), [
    'AGENT             STATE    EXITS IN  REQ/S     NOW     P50      P99  THREADS  MEMORY  RESTARTS',
    'com.example.busy  running         –   1235  12 (3)  250 µs  12.5 ms  ▁▅█      64 MiB         1',
    'b                 idle            –      –       –       –        –  –             –         –',
  ]);
});

test('a line has the same figures with units, and a dash for unknown figures', (t) => {
  t.is(
    agentLine(BUSY),
    'com.example.busy  running · stays · 1235 requests/s · 12 under way · 3 waiting · p50 250 µs · p99 12.5 ms · threads 0% 50% 100% · 64 MiB · 1 restarts',
  );
  t.is(agentLine({ name: 'b', state: 'failed', detail: 'exit 1' }), 'b  failed · exit 1');
  t.regex(agentLine({ name: 'c', state: 'running', underWay: 0, leavesInMs: 1_001 }), /exits in 2 s · – requests\/s/);
});

test('no table exceeds the screen, whatever the number of agents and threads', (t) => {
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
  const agent = fc.record({
    name: text,
    state: text,
    underWay: fc.nat(),
    utilisation: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
  });
  const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 2, max: 30 }) });
  fc.assert(
    fc.property(fc.array(agent, { maxLength: 40 }), size, (agents, { columns, rows }) => {
      const lines = tableOf(agents, { columns, rows });
      return lines.length <= rows && lines.every((line) => [...line].length <= columns);
    }),
  );
  t.pass();
});

test('rows and bars that do not fit are counted', (t) => {
  const agents = Array.from({ length: 9 }, (_unused, index) => ({ name: `agent${index}`, state: 'idle' }));
  const lines = tableOf(agents, { columns: 80, rows: 5 });
  t.is(lines.length, 5);
  t.is(lines.at(-1), '… 6 more');
  t.regex(tableOf([{ ...BUSY, utilisation: Array(20).fill(1) }], WIDE)[1] ?? '', /█{16} \+4/);
});
