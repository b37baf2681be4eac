/** The job that options make, and the options that are refused. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Job } from '../../../job/job.ts';
import { NODE_FLAGS } from '../../../src/activation/node-flags.ts';
import { type JobOptions, jobOf, searchPathOf } from '../../../src/installed/job-options.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const PATHS = {
  label: 'com.example.options',
  home: '/home/ada',
  node: '/usr/bin/node',
  program: '/data/current/launchpool.cjs',
  module: '/data/current/app/agent.cjs',
  cache: '/data/cache',
  sockets: { agent: '/run/a.sock', control: '/run/a.control.sock' },
  logFile: undefined,
  searchPath: '/usr/bin',
};

const job = (options: JobOptions, paths: Partial<Parameters<typeof jobOf>[1]> = {}): Job =>
  jobOf(options, { ...PATHS, ...paths });

test('without options, a job has only what every agent needs', (t) => {
  const { command, env, workingDirectory, tcp, stopSeconds, processType } = job({});
  const flags = ['--label', PATHS.label, '--cache', PATHS.cache];
  t.deepEqual(command, [PATHS.node, ...NODE_FLAGS, PATHS.program, 'run', PATHS.module, ...flags]);
  t.deepEqual(Object.keys(env), ['PATH']);
  t.deepEqual([workingDirectory, tcp, processType], ['/home/ada', undefined, 'interactive']);
  // More than the agent's own drain time of ten seconds.
  t.true(stopSeconds > 10);
});

test('on a Mac, the search path has the folders of Homebrew that exist, and elsewhere always the same', (t) => {
  const on = (platform: NodeJS.Platform, ...folders: string[]): string =>
    searchPathOf({ platform, hasFolder: (path) => folders.includes(path) });
  const system = '/usr/bin:/bin:/usr/sbin:/sbin';
  t.is(on('darwin'), system);
  t.is(on('darwin', '/usr/local/bin'), `/usr/local/bin:${system}`);
  t.is(on('darwin', '/opt/homebrew/bin', '/usr/local/bin'), `/opt/homebrew/bin:/usr/local/bin:${system}`);
  t.is(on('linux'), `/usr/local/bin:${system}`);
  t.is(on('linux', '/opt/homebrew/bin'), `/usr/local/bin:${system}`);
  t.is(job({}, { searchPath: '/a:/b' }).env.PATH, '/a:/b');
  t.is(job({ env: { PATH: '/c' } }, { searchPath: '/a:/b' }).env.PATH, '/c');
});

test('flags of the agent are passed on unchanged, without those that are off', (t) => {
  const { command } = job({ agent: { idle: 0.5, 'no-md5': true, 'keep-quiet-clients': false, threads: undefined } });
  t.deepEqual(command.slice(command.indexOf('--idle')), ['--idle', '0.5', '--no-md5']);
});

test('the stop timeout of the supervisor grows with the drain time', (t) => {
  t.is(job({ agent: { drain: 30.5 } }).stopSeconds - job({ agent: { drain: 0 } }).stopSeconds, 31);
  const nats = { nats: 'nats://localhost' };
  // An agent on NATS has the time of a drain twice.
  t.is(job({ agent: { drain: 30 }, ...nats }).stopSeconds - job({ agent: { drain: 0 }, ...nats }).stopSeconds, 60);
});

test('the start timeout grows with the time that the module may take to load', (t) => {
  // More than the load timeout, which is 60 seconds without an option.
  t.true(job({}).startSeconds > 60);
  t.is(job({ agent: { 'load-timeout': 300.5 } }).startSeconds - job({}).startSeconds, 241);
});

test('a log file is passed to the agent', (t) => {
  t.deepEqual(job({}, { logFile: '/log' }).command.slice(-2), ['--log-file', '/log']);
});

test('the environment consists of the given variables and PATH, which can be given too', (t) => {
  t.is(job({ env: { A: 'a "b" $c %d \\ \n' } }).env.A, 'a "b" $c %d \\ \n');
  t.is(job({ env: { PATH: '/mine' } }).env.PATH, '/mine');
});

test('a TCP address needs a key and belongs to the loopback interface', async (t) => {
  const key = join(await tempDir(t), 'key');
  await writeFile(key, 'secret', { mode: 0o600 });
  const agent = { 'authkey-file': key };
  t.deepEqual(job({ tcp: '127.0.0.1:4000', agent }).tcp, { host: '127.0.0.1', port: 4000 });
  t.deepEqual(job({ tcp: 'localhost:65535', agent }).tcp, { host: '127.0.0.1', port: 65_535 });
  t.deepEqual(job({ tcp: '[::1]:1', agent }).tcp, { host: '::1', port: 1 });
});

for (const [what, options, names] of [
  ['an unknown flag', { agent: { nonsense: 1 } }, /--nonsense/],
  ['a flag with the name of an Object property', { agent: { constructor: 1 } as never }, /--constructor/],
  ['a value that the agent refuses', { agent: { threads: 'many' } }, /threads/],
  ['a TCP address without a key', { tcp: '127.0.0.1:4000' }, /--authkey-file/],
  ['an address of another interface', { tcp: '0.0.0.0:4000' }, /0\.0\.0\.0:4000/],
  ['an address without a port', { tcp: '127.0.0.1' }, /127\.0\.0\.1/],
  ['a port out of range', { tcp: '127.0.0.1:65536' }, /65536/],
  ['port 0', { tcp: '127.0.0.1:0' }, /127\.0\.0\.1:0/],
  ['an unknown process type', { processType: 'lazy' as never }, /lazy/],
  ['a variable with a space in its name', { env: { 'A B': '' } }, /A B/],
  ['a variable with an equals sign in its name', { env: { 'A=B': '' } }, /A=B/],
  ['a variable without a value', { env: { A: undefined } as unknown as Record<string, string> }, /--env A/],
  ['a variable with a NUL', { env: { A: 'a\0b' } }, /NUL/],
] as const satisfies readonly (readonly [string, JobOptions, RegExp])[]) {
  test(`${what} is refused, and the message names it`, (t) => {
    const error = t.throws(() => job(options), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' }) as LaunchpoolError;
    t.regex(error.message, names);
  });
}
