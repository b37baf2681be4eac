/** Where service times come from: distributions, files, and what a service reports of itself. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { timesOf } from '../../../bench/capacity/live-service.ts';
import { createRandom } from '../../../bench/capacity/random.ts';
import {
  gammaTimes,
  measuredTimes,
  quantileOf,
  quantileTimes,
  readTimes,
  type ServiceTimes,
} from '../../../bench/capacity/service-times.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

function sampled({ sample }: ServiceTimes) {
  const random = createRandom(5);
  const times = Float64Array.from({ length: 200_000 }, () => sample(random)).sort();
  return { p50: quantileOf(times, 0.5), p99: quantileOf(times, 0.99), ...measuredTimes([...times], 'samples') };
}

for (const cv of [0, 0.3, 1, 2]) {
  test(`gamma distributed times have their mean and a coefficient of variation of ${cv}`, (t) => {
    const found = sampled(gammaTimes(20, cv));
    t.true(Math.abs(found.meanMs - 20) < 0.3, String(found.meanMs));
    t.true(Math.abs(found.cv - cv) < 0.03, String(found.cv));
  });
}

test('a coefficient of variation of 1 is the exponential distribution', (t) => {
  const { p50, p99 } = sampled(gammaTimes(1, 1));
  t.true(Math.abs(p50 - Math.log(2)) < 0.01 && Math.abs(p99 - Math.log(100)) < 0.1, `${p50}, ${p99}`);
});

test('two quantiles give times with these quantiles', (t) => {
  const times = quantileTimes({ p50: 4, p99: 40 }, 'two quantiles');
  const { p50, p99, meanMs, cv } = sampled(times);
  t.true(Math.abs(p50 / 4 - 1) < 0.02 && Math.abs(p99 / 40 - 1) < 0.03, `${p50}, ${p99}`);
  t.true(Math.abs(meanMs / times.meanMs - 1) < 0.02 && Math.abs(cv / times.cv - 1) < 0.05);
  t.is(quantileTimes({ p50: 4, p99: 4 }, 'equal').cv, 0);
});

test('a file has one number on each line', async (t) => {
  const file = join(await tempDir(t), 'times.txt');
  await writeFile(file, '# of yesterday\n10\n\n 20 \r\n3e1\n');
  const { meanMs, cv } = readTimes(file);
  t.is(meanMs, 20);
  t.is(cv, Math.sqrt(200 / 3) / 20);
});

for (const [text, message] of [
  ['', /times\.txt: no service time\. Write one number of milliseconds on each line/],
  ['\n# none\n', /no service time/],
  ['5\nfast\n', /times\.txt, line 2: fast is not a number of milliseconds above 0/],
  ['5\n-1\n', /line 2: -1 is not a number/],
  ['0\n', /line 1: 0 is not a number/],
  ['Infinity\n', /line 1: Infinity is not a number/],
] as const) {
  test(`a file with ${JSON.stringify(text)} is refused`, async (t) => {
    const file = join(await tempDir(t), 'times.txt');
    await writeFile(file, text);
    t.throws(() => readTimes(file), { message });
  });
}

test('a file that does not exist is refused by its name', (t) => {
  t.throws(() => readTimes('/does/not/exist'), { message: /--times \/does\/not\/exist: ENOENT/ });
});

test('what instances report is weighted by their requests', (t) => {
  const answer = (id: string, count: number, p50: number, p99: number) => ({
    id,
    endpoints: [{ data: { latencyMs: { count, p50, p99 } } }],
  });
  const times = timesOf([answer('a', 300, 10, 20), answer('b', 100, 30, 60), answer('c', 0, 0, 0)], 'rot13');
  const { p50, p99 } = sampled(times);
  t.true(Math.abs(p50 / 15 - 1) < 0.02 && Math.abs(p99 / 30 - 1) < 0.02, `${p50}, ${p99}`);
  t.regex(times.source, /^rot13, 2 of 3 instances, 400 requests of the last minute/);
});

test('a service without instances, and one without requests, are refused', (t) => {
  t.throws(() => timesOf([], 'rot13'), { message: /there is no instance of rot13/ });
  t.throws(() => timesOf([{ id: 'a' }, { id: 'b', endpoints: [{}] }], 'rot13'), {
    message: /rot13 has answered no request in the last minute/,
  });
});
