/** The figures of an agent from its observations. */
import test from 'ava';
import { figuresOf } from '../../../../src/cli/top/figures.ts';
import type { Observation } from '../../../../src/control/observe.ts';
import { statusOf } from '../../../helpers/control-server.ts';

const running = (given: Parameters<typeof statusOf>[0] = {}): Observation => ({
  state: 'running',
  process: statusOf(given),
});
const done = (count: number) => ({ counters: { ...statusOf().counters, done: count } });

test('requests per second are counted by the clock of the agent, between two observations of the same process', (t) => {
  const before = running({ uptimeMs: 10_000, ...done(1_000) });
  const after = running({ uptimeMs: 12_000, ...done(1_500) });
  t.is(figuresOf('a', after, before).perSecond, 250);
  t.is(figuresOf('a', after, undefined).perSecond, undefined);
  t.is(figuresOf('a', after, { state: 'idle' }).perSecond, undefined);
  t.is(figuresOf('a', running({ pid: 1, uptimeMs: 12_000 }), before).perSecond, undefined);
  t.is(figuresOf('a', before, before).perSecond, undefined);
});

test('an agent without a process has only a state, and an agent of an earlier version has the figures that it sends', (t) => {
  t.deepEqual(figuresOf('a', { state: 'idle' }, running()), { name: 'a', state: 'idle' });
  t.deepEqual(figuresOf('a', { state: 'failed', detail: 'exit 1' }, undefined), {
    name: 'a',
    state: 'failed',
    detail: 'exit 1',
  });
  const { counters, utilisation, restarts, latencyMs, ...old } = statusOf();
  const observation: Observation = { state: 'running', process: old };
  t.like(figuresOf('a', observation, observation), {
    state: 'running',
    underWay: 7,
    utilisation: [],
    perSecond: undefined,
  });
  t.is(figuresOf('a', observation, undefined).p50Ms, undefined);
});

test('without measured requests, percentiles are undefined', (t) => {
  const latencyMs = { count: 0, p50: 0, p99: 0, max: 0 };
  t.is(figuresOf('a', running({ latencyMs }), undefined).p50Ms, undefined);
  t.is(figuresOf('a', running(), undefined).p50Ms, 0.25);
});
