/** Jobs for tests: a typical job, and arbitrary jobs with special characters in all texts. */
import fc from 'fast-check';
import { type Job, PROCESS_TYPES } from '../../job/job.ts';

export const LABEL = 'com.example.rot13';

export function jobWith(changes: Partial<Job> = {}): Job {
  return {
    label: LABEL,
    command: ['/usr/bin/env', '/opt/agent/launchpool.cjs', 'run', '/opt/agent/rot13.ts'],
    env: { PATH: '/usr/bin:/bin' },
    workingDirectory: '/',
    sockets: { agent: `/run/user/501/${LABEL}.sock`, control: `/run/user/501/${LABEL}.control.sock` },
    startSeconds: 90,
    stopSeconds: 15,
    processType: 'interactive',
    bundleIdentifiers: [],
    ...changes,
  };
}

/** Texts with a meaning in XML, in systemd units, or in a shell. */
const PIECES = [
  'a',
  ' ',
  '  ',
  '&',
  '<',
  '>',
  '"',
  "'",
  ']]>',
  '&amp;',
  '%',
  '%%',
  '%h',
  '$',
  '$$',
  '\u0024{HOME}',
  '$HOME',
];
const MORE = ['\\', '\\n', '\\x41', ';', '#', '-', '@', '+', '=', '~', '*', '{', 'ü', '漢', '\u00a0', '\u{1f600}'];

/** Without control characters. */
const specialText: fc.Arbitrary<string> = fc.string({ unit: fc.constantFrom(...PIECES, ...MORE), maxLength: 8 });
const specialPath: fc.Arbitrary<string> = specialText.map((text) => `/${text}a`);
const label: fc.Arbitrary<string> = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,8}(\.[A-Za-z0-9_-]{1,8}){0,3}$/);
const variable: fc.Arbitrary<string> = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,6}$/);

/** A valid job. */
export const arbitraryJob: fc.Arbitrary<Job> = fc.record({
  label,
  command: fc
    .tuple(specialPath, fc.array(specialText, { maxLength: 4 }))
    .map(([program, args]): Job['command'] => [program, ...args]),
  env: fc.dictionary(variable, specialText, { maxKeys: 4, noNullPrototype: true }),
  workingDirectory: specialPath,
  sockets: fc.record({ agent: specialPath, control: specialPath }),
  tcp: fc.option(
    fc.record({
      host: fc.constantFrom('127.0.0.1' as const, '::1' as const),
      port: fc.integer({ min: 1, max: 65_535 }),
    }),
    { nil: undefined },
  ),
  logFile: fc.option(specialPath, { nil: undefined }),
  startSeconds: fc.integer({ min: 1, max: 3600 }),
  stopSeconds: fc.integer({ min: 1, max: 3600 }),
  processType: fc.constantFrom(...PROCESS_TYPES),
  bundleIdentifiers: fc.array(label, { maxLength: 2 }),
});
