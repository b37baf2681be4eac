/** `nats-capacity` as a program: what it takes, what it says, and what it refuses. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { CAPACITY_HELP, readCapacityOptions } from '../../../bench/capacity/options.ts';
import { gammaTimes } from '../../../bench/capacity/service-times.ts';
import { simulate } from '../../../bench/capacity/simulate.ts';
import { findInstances, type SizingOptions } from '../../../bench/capacity/sizing.ts';
import { missingForNats } from '../../../bench/nats/cluster.ts';
import { runProgram } from '../../helpers/program.ts';

const MAIN = fileURLToPath(new URL('../../../bench/main.ts', import.meta.url));
const capacity = (...args: string[]) => runProgram([process.execPath, MAIN, 'nats-capacity', ...args]);

const LOAD = ['--mean', '20', '--cv', '0.5', '--rate', '400', '--places', '2', '--requests', '5000'];

const SIZING: SizingOptions = {
  service: gammaTimes(20, 0.5),
  rate: 400,
  places: 2,
  choice: 'central',
  target: { of: 'wait', p99Ms: 20 },
  seed: 1,
  requests: 5_000,
  maxInstances: 100,
};

test('the answer is the fewest instances that keep the target', (t) => {
  const { load, needed, rows } = findInstances(SIZING);
  t.is(load, 8);
  t.is(needed, 6);
  for (const { instances, keepsTarget } of rows) t.is(keepsTarget, instances >= needed);
  t.deepEqual(
    rows.map(({ instances }) => instances),
    [5, 6, 7, 8, 9],
  );
});

test("launchpool's client keeps the waits of the fewest open requests: queues make no instance slow", (t) => {
  for (const [places, utilization, cv] of [
    [1, 0.8, 1],
    [4, 0.8, 1],
    [4, 0.9, 0.5],
  ] as const) {
    const meanWait = (choice: 'shortest' | 'client'): number => {
      const load = { rate: (utilization * places * 5) / 20, service: gammaTimes(20, cv), instances: 5, places };
      return simulate({ ...load, choice, seed: 1, requests: 10_000 }).wait.mean.value;
    };
    const ratio = meanWait('client') / meanWait('shortest');
    t.true(ratio < 1.03, `${places} places, ${utilization} busy: ${ratio}`);
  }
});

test('a load that exactly fills its places needs one instance more', (t) => {
  const { needed, rows } = findInstances({ ...SIZING, target: { of: 'wait', p99Ms: 1e9 } });
  t.is(needed, 5);
  t.is(rows[0]?.instances, 5);
});

test('a large load needs no walk through all numbers', (t) => {
  const { needed, rows } = findInstances({ ...SIZING, rate: 10_000, requests: 500, maxInstances: 1_000 });
  t.true(needed > 100 && needed < 120, String(needed));
  t.true(rows.length <= 7);
});

for (const [change, message] of [
  [{ maxInstances: 4 }, /a load of 8\.0 busy places can never be served by 4 instances with 2 places each: it needs 5/],
  [{ maxInstances: 5 }, /5 instances do not keep the target/],
  [{ target: { of: 'response', p99Ms: 30 } }, /--p99-response 30: no number of instances keeps it, .* takes 50/],
] as const) {
  test(`${JSON.stringify(change)} is refused`, (t) => {
    t.throws(() => findInstances({ ...SIZING, ...change }), { message });
  });
}

test('the program prints the answer, a table and a plot', async (t) => {
  const { status, stdout, stderr } = await capacity(...LOAD, '--p99-wait', '20');
  t.is(status, 0, stderr);
  const text = stdout.toString();
  t.regex(text, /^Needed: 6 instances, with 67 % of their places busy\.$/m);
  t.regex(text, /^6 +67 % +14 % +0 ms +\S+ ms/m);
  t.regex(text, /^6 ░+ +keeps the target$/m);
});

test('--json has the same as JSON', async (t) => {
  const { status, stdout } = await capacity(...LOAD, '--p99-response', '60', '--json');
  t.is(status, 0);
  const { needed, rows, target, service } = JSON.parse(stdout.toString());
  t.deepEqual(target, { of: 'response', p99Ms: 60 });
  t.like(service, { meanMs: 20, cv: 0.5 });
  const row = rows.find(({ instances }: { instances: number }) => instances === needed);
  t.true(row.simulated.response.p99.value <= 60 && row.approximate.waiting > 0);
});

test('--help says what it can do', async (t) => {
  const { status, stdout } = await capacity('--help');
  t.is(status, 0);
  t.is(stdout.toString(), CAPACITY_HELP);
});

for (const [args, message] of [
  [['--rate', '400'], /give the service times by one of --times FILE, --mean MS and --service ADDRESS/],
  [['--mean', '2', '--times', 'x'], /give the service times by one of/],
  [['--mean', '0'], /--mean 0: not a number above zero/],
  [['--mean=-5'], /--mean -5: not a number above zero/],
  [['--mean', '5', '--cv', 'much'], /--cv much: not a number from 0 on/],
  [['--times', '/none', '--cv', '1'], /--cv belongs to --mean/],
  [['--mean', '5'], /--rate is missing/],
  [['--mean', '5', '--rate', '1'], /--places is missing/],
  [['--mean', '5', '--rate', '1', '--places', '1.5'], /--places 1\.5: not a whole number/],
  [['--mean', '5', '--rate', '1', '--places', '1'], /give one target: --p99-wait MS or --p99-response MS/],
  [['--mean', '5', '--choice', 'best'], /--choice best: there are central, shortest, client, random/],
  [['--seconds', '5'], /--seconds belongs to --check/],
  [['extra'], /Unexpected argument 'extra'/],
] as const) {
  test(`${args.join(' ')} is refused`, (t) => {
    t.throws(() => readCapacityOptions(args), { message });
  });
}

test('what is refused is one line of the program', async (t) => {
  const { status, stdout, stderr } = await capacity(...LOAD, '--p99-wait', '1', '--max-instances', '3');
  t.is(status, 1);
  t.is(stdout.toString(), '');
  t.regex(stderr, /^bench: a load of 8\.0 busy places can never be served by 3 instances .*\n$/);
});

test('what is missing for NATS is named', (t) => {
  t.is(
    missingForNats(() => undefined),
    'not installed: nats-server',
  );
  t.is(
    missingForNats(() => '/bin/true', '/does/not/exist'),
    'not installed: npm ci --prefix packages/nats',
  );
});

test('the example of docs/nats.md is what the program prints', async (t) => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/nats.md', import.meta.url)), 'utf8');
  const [, args = '', output] = /^ +npm run bench -- nats-capacity (.*)\n\n```\n([\s\S]*?)```$/m.exec(page) ?? [];
  const { stdout, stderr } = await capacity(...args.split(' '));
  t.is(output, stdout.toString(), stderr);
});
