/** An exit of a process is a fault unless its status is 0 or its signal was sent to it. */
import test from 'ava';
import type { Signal } from '../../chaos/agents.ts';
import { countCrashes, crashFaults } from '../../chaos/crashes.ts';

const faultsOf = (last: { signals: Signal[]; crash?: string }): string[] =>
  crashFaults({
    name: 'main',
    processes: [
      { pid: 1, signals: [] },
      { pid: 2, ...last },
    ],
  });

test('status 0 and a signal that was sent are no faults', (t) => {
  t.deepEqual(faultsOf({ signals: ['SIGTERM'] }), []);
  t.deepEqual(faultsOf({ signals: ['SIGHUP', 'SIGKILL'], crash: 'signal SIGKILL' }), []);
});

test('a signal that was not sent and any other status are faults', (t) => {
  t.deepEqual(faultsOf({ signals: [], crash: 'signal SIGKILL' }), [
    'main: process 2 ended by signal SIGKILL; signals sent to it: none',
  ]);
  t.deepEqual(faultsOf({ signals: ['SIGTERM', 'SIGHUP'], crash: 'exit status 1' }), [
    'main: process 2 ended by exit status 1; signals sent to it: SIGTERM, SIGHUP',
  ]);
  t.is(faultsOf({ signals: ['SIGTERM'], crash: 'signal SIGSEGV' }).length, 1);
});

test('exits are counted by their cause', (t) => {
  const processes = ['signal SIGKILL', 'exit status 1', 'signal SIGKILL'].map((crash) => ({
    pid: 1,
    signals: [],
    crash,
  }));
  t.deepEqual(countCrashes({ processes: [...processes, { pid: 2, signals: [] }] }), {
    'signal SIGKILL': 2,
    'exit status 1': 1,
  });
});
