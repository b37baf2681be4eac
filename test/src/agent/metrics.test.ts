/** The metrics of an agent, parsed as a scraper does. */
import test from 'ava';
import { metricsText } from '../../../src/agent/metrics.ts';
import { statusOf } from '../../helpers/control-server.ts';

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details */
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;

type Sample = { name: string; labels: string; value: number };

function samplesOf(text: string): Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (name === undefined || !Number.isFinite(Number(value))) throw new Error(`no sample: ${line}`);
    return { name, labels, value: Number(value) };
  });
}

test('every line is a sample, a help or a type, and every name has the prefix launchpool_', async (t) => {
  const text = await metricsText(statusOf({ module: '/a "quoted"\\path\n' }));
  const samples = samplesOf(text);
  t.true(samples.length > 20);
  t.true(samples.every(({ name }) => name.startsWith('launchpool_')));
  const comments = text.split('\n').filter((line) => line.startsWith('#'));
  const typed = comments.flatMap((line) => /^# TYPE (\w+) (?:counter|gauge)$/.exec(line)?.[1] ?? []);
  const helped = comments.flatMap((line) => /^# HELP (\w+) \S.*\.$/.exec(line)?.[1] ?? []);
  t.is(comments.length, typed.length + helped.length);
  t.deepEqual(typed, helped);
  t.deepEqual(new Set(samples.map(({ name }) => name)), new Set(typed));
  t.is(new Set(samples.map(({ name, labels }) => `${name}{${labels}}`)).size, samples.length);
  t.true(text.endsWith('\n'));
});

test('samples have the figures of the status, in seconds and bytes', async (t) => {
  const samples = samplesOf(await metricsText(statusOf({ state: 'leaving', bytes: 12_345 })));
  const value = (name: string, labels = ''): number | undefined =>
    samples.find((sample) => sample.name === `launchpool_${name}` && sample.labels === labels)?.value;
  t.is(value('uptime_seconds'), 10);
  t.is(value('requests_total'), 1_000);
  t.is(value('requests_under_way'), 7);
  t.is(value('held_bytes'), 12_345);
  t.is(value('requests_given_up_total', 'reason="queue_timeouts"'), 3);
  t.is(value('requests_given_up_total', 'reason="refused"'), 6);
  t.is(value('connections_total'), 5);
  t.is(value('connections_turned_away_total'), 8);
  t.is(value('request_duration_seconds', 'quantile="0.99"'), 0.0125);
  t.is(value('request_duration_seconds', 'quantile="1"'), 2);
  t.is(value('thread_utilisation', 'thread="2"'), 0.5);
  t.is(value('thread_restarts_total'), 1);
  t.is(value('resident_memory_bytes'), 64 * 1024 ** 2);
  t.deepEqual(
    ['running', 'broken', 'leaving'].map((state) => value('state', `state="${state}"`)),
    [0, 0, 1],
  );
});

test('an agent without threads has metrics, and two calls give the same text', async (t) => {
  const text = await metricsText(statusOf({ threads: 0, utilisation: [] }));
  t.true(samplesOf(text).length > 20);
  t.is(await metricsText(statusOf({ threads: 0, utilisation: [] })), text);
});
