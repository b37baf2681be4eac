/** An end of a process is a fault unless a signal was sent for it. */
import test from 'ava';
import { countCrashes, crashFaults } from '../../chaos/crashes.ts';

const faultsOf = (life: { sent: ('SIGKILL' | 'SIGTERM' | 'SIGHUP')[]; crash?: string }): string[] =>
  crashFaults({
    name: 'main',
    lives: [
      { pid: 1, sent: [] },
      { pid: 2, ...life },
    ],
  });

test('to leave is none, and neither is to end by the signal that was sent', (t) => {
  t.deepEqual(faultsOf({ sent: ['SIGTERM'] }), []);
  t.deepEqual(faultsOf({ sent: ['SIGHUP', 'SIGKILL'], crash: 'signal SIGKILL' }), []);
});

test('to end by a signal that nobody has sent to it is, and so is any exit status', (t) => {
  t.deepEqual(faultsOf({ sent: [], crash: 'signal SIGKILL' }), [
    'main: process 2 has ended by signal SIGKILL, and was sent nothing',
  ]);
  t.deepEqual(faultsOf({ sent: ['SIGTERM', 'SIGHUP'], crash: 'exit status 1' }), [
    'main: process 2 has ended by exit status 1, and was sent SIGTERM, SIGHUP',
  ]);
  t.is(faultsOf({ sent: ['SIGTERM'], crash: 'signal SIGSEGV' }).length, 1);
});

test('ends are counted by what they were', (t) => {
  const lives = ['signal SIGKILL', 'exit status 1', 'signal SIGKILL'].map((crash) => ({ pid: 1, sent: [], crash }));
  t.deepEqual(countCrashes({ lives: [...lives, { pid: 2, sent: [] }] }), { 'signal SIGKILL': 2, 'exit status 1': 1 });
});
