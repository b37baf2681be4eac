/** A round of the guard, with measurements that are made up. */
import test, { type ExecutionContext } from 'ava';
import type { Generator } from '../../../bench/generator.ts';
import type { GuardCell, Subject } from '../../../bench/guard/cells.ts';
import { type GuardFailure, measureRound, type Setting } from '../../../bench/guard/rounds.ts';
import { type Build, SIDES, type Side } from '../../../bench/guard/side.ts';

const buildOf = (side: Side): Build => ({ program: `/${side}.cjs`, nodeFlags: ['--flag'], env: { SIDE: side } });
const sideOf = ({ build }: Subject): Side => build.env.SIDE as Side;
const CELL: GuardCell = { name: 'rate', unit: 'rate', better: 'higher', repeats: 3, measure: async () => 1 };

type Trace = { running: Set<number>; started: string[][]; steps: string[]; failures: GuardFailure[]; logs: string[] };

/** Starts no process: agents are numbers, which are in a set while they run. */
function settingOf(t: ExecutionContext, log = ''): { setting: Setting; trace: Trace } {
  const trace: Trace = { running: new Set(), started: [], steps: [], failures: [], logs: [] };
  const generator = {
    async keep({ command }: { command: string[] }) {
      const pid = trace.started.push(command);
      trace.running.add(pid);
      return { pid, close: async () => (trace.running.delete(pid) ? log : t.fail('closed twice')) };
    },
  } as unknown as Generator;
  const setting: Setting = {
    generator,
    builds: { other: buildOf('other'), this: buildOf('this'), again: buildOf('again') },
    handlers: { rot13: '/rot13.mjs', echo: '/echo.mjs', rpc: '/rpc.mjs' },
    folder: '/sockets',
    threads: 2,
    seconds: 1,
    onStep: ({ round, cell, side }) => trace.steps.push(`${round} ${cell} ${side}`),
    onFailure: (failure) => trace.failures.push(failure),
    onLog: (round, side, text) => trace.logs.push(`${round} ${side} ${text}`),
  };
  return { setting, trace };
}

test('each repeat measures every side once, and the order of the sides changes', async (t) => {
  const { setting, trace } = settingOf(t);
  const samples = await measureRound([{ ...CELL, repeats: 200 }], 4, setting);
  const orders = [...Map.groupBy(samples, ({ repeat }) => repeat).values()].map((repeat) =>
    repeat.map(({ side }) => side),
  );
  t.is(orders.length, 200);
  for (const order of orders) t.deepEqual(order.toSorted(), [...SIDES].sort());
  t.is(new Set(orders.map(String)).size, 6);
  t.true(samples.every(({ cell, round, value }) => cell === 'rate' && round === 4 && value === 1));
  t.is(trace.steps.length, 600);
});

test('a cell with a handler asks an agent of each side, started again for the round', async (t) => {
  const { setting, trace } = settingOf(t);
  const seen: string[] = [];
  const cell: GuardCell = {
    ...CELL,
    handler: 'echo',
    warmUp: async (subject) => seen.push(`warm-up ${sideOf(subject)}`),
    async measure(subject) {
      t.true(trace.running.has(subject.pid));
      t.true(subject.socketPath.startsWith('/sockets/'));
      seen.push(sideOf(subject));
      return subject.pid;
    },
  };
  const samples = await measureRound([cell], 1, setting);
  t.is(trace.started.length, 3);
  const commandOf = (side: Side): string[] => {
    const flags = ['--threads', '2', '--idle', '0', '--log-level', 'warn'];
    return [process.execPath, '--flag', `/${side}.cjs`, 'run', '/echo.mjs', ...flags];
  };
  t.deepEqual(trace.started.toSorted(), SIDES.map(commandOf).sort());
  for (const { side, value } of samples) t.true(trace.started[value - 1]?.includes(`/${side}.cjs`));
  t.deepEqual(seen.slice(0, 3).sort(), ['warm-up again', 'warm-up other', 'warm-up this']);
  t.is(seen.length, 3 + 9);
  t.is(trace.running.size, 0);
  await measureRound([cell], 2, setting);
  t.is(trace.started.length, 6);
});

test('cells of one handler share their agents, and a cell without one starts none', async (t) => {
  const { setting, trace } = settingOf(t);
  const names = ['a', 'b'].map((name): GuardCell => ({ ...CELL, name, handler: 'rot13' }));
  const samples = await measureRound([...names, { ...CELL, name: 'cold' }], 1, setting);
  t.is(trace.started.length, 3);
  t.deepEqual([...new Set(samples.map(({ cell }) => cell))], ['a', 'b', 'cold']);
});

test('a side that fails is reported once, left out of the cell, and no other side of it', async (t) => {
  const { setting, trace } = settingOf(t);
  let measured = 0;
  const failing: GuardCell = {
    ...CELL,
    handler: 'rot13',
    async measure(subject) {
      if (sideOf(subject) !== 'this') return 1;
      measured += 1;
      if (measured === 2) throw new Error('wrong reply');
      return 1;
    },
  };
  const samples = await measureRound([failing, { ...CELL, name: 'next', handler: 'rot13' }], 7, setting);
  t.deepEqual(trace.failures, [{ cell: 'rate', round: 7, side: 'this', message: 'wrong reply' }]);
  t.is(measured, 2);
  const sidesOf = (name: string): string[] =>
    [...new Set(samples.filter(({ cell }) => cell === name).map(({ side }) => side))].sort();
  t.deepEqual(sidesOf('rate'), ['again', 'other']);
  t.deepEqual(sidesOf('next'), ['again', 'other', 'this']);
  t.is(trace.running.size, 0);
});

test('a warm-up that fails counts as a failure of the cell', async (t) => {
  const { setting, trace } = settingOf(t);
  const warmUp = async (subject: Subject): Promise<void> => {
    if (sideOf(subject) === 'other') throw new Error('no reply');
  };
  const samples = await measureRound([{ ...CELL, handler: 'rot13', warmUp }], 1, setting);
  t.deepEqual(trace.failures, [{ cell: 'rate', round: 1, side: 'other', message: 'no reply' }]);
  t.false(samples.some(({ side }) => side === 'other'));
});

test('what agents log is passed on', async (t) => {
  const { setting, trace } = settingOf(t, 'out of descriptors');
  await measureRound([{ ...CELL, handler: 'rot13' }], 1, setting);
  t.deepEqual(trace.logs.toSorted(), SIDES.map((side) => `1 ${side} out of descriptors`).sort());
});
