/** The flags of `run` and `dev`, from text to the options of an agent. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { agentOptionsOf } from '../../../src/agent/agent-flags.ts';
import { AGENT_DEFAULTS } from '../../../src/agent/options.ts';
import { AGENT_TABLE } from '../../../src/options/agent-table.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const INVALID = { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' };

test('without flags the defaults hold, and the module is a URL', (t) => {
  t.deepEqual(agentOptionsOf('/some where/a.ts', {}), {
    ...AGENT_DEFAULTS,
    modulePath: '/some where/a.ts',
    moduleUrl: 'file:///some%20where/a.ts',
  });
});

test('the defaults are those of the table, in the units of the program', (t) => {
  const { idleMs, cancelGraceMs, minThreads, maxBytes, logLevel } = AGENT_TABLE;
  t.like(AGENT_DEFAULTS, {
    idleMs: idleMs.default * 1000,
    cancelGraceMs: cancelGraceMs.default * 1000,
    minThreads: minThreads.default,
    maxBytes: maxBytes.default,
    logLevel: logLevel.default,
    // Switches are off, lists are empty, and what depends on the system is left to it.
    keepQuietClients: false,
    md5: true,
    allowUids: [],
    minUptimeMs: undefined,
    maxConnections: undefined,
    threads: availableParallelism(),
    // Not of the table.
    authkey: undefined,
    modulePath: undefined,
    development: false,
  });
});

test('each flag sets its option', async (t) => {
  const keyFile = join(await tempDir(t), 'key');
  writeFileSync(keyFile, 'secret\n', { mode: 0o600 });
  const given = {
    idle: '0.25',
    threads: '3',
    'no-md5': true,
    'max-frame': '10',
    'handshake-timeout': '0.5',
    drain: '0',
    'log-level': 'warn',
    'allow-uid': '1,2',
    'authkey-file': keyFile,
  };
  t.deepEqual(agentOptionsOf('/a.ts', given), {
    ...AGENT_DEFAULTS,
    modulePath: '/a.ts',
    moduleUrl: 'file:///a.ts',
    idleMs: 250,
    threads: 3,
    md5: false,
    maxFrameBytes: 10,
    handshakeMs: 500,
    drainMs: 0,
    logLevel: 'warn',
    allowUids: [1, 2],
    authkey: Buffer.from('secret'),
  });
  t.is(agentOptionsOf('a.ts', { threads: 'auto' }).threads, availableParallelism());
});

test('an idle time above 0 never becomes 0, which means never', (t) => {
  t.is(agentOptionsOf('a.ts', { idle: '0.0000001' }).idleMs, 1);
  t.is(agentOptionsOf('a.ts', { idle: '0' }).idleMs, 0);
});

for (const [flag, value, accepted] of [
  ['idle', '-1', 'a number from 0 to 2000000'],
  ['idle', 'soon', 'a number from 0 to 2000000'],
  ['idle', '', 'a number from 0 to 2000000'],
  ['idle', '2000000.1', 'a number from 0 to 2000000'],
  ['threads', '0', 'a whole number from 1 to 1024, or auto'],
  ['threads', '1.5', 'a whole number from 1 to 1024, or auto'],
  ['min-threads', 'auto', 'a whole number from 1 to 1024'],
  ['max-frame', '-1', 'a whole number from 0 to 9007199254740991'],
  ['max-frame', '1e3', 'a whole number from 0 to 9007199254740991'],
  ['max-frame', '9007199254740993', 'a whole number from 0 to 9007199254740991'],
  ['handshake-timeout', '0', 'a number from 0.001 to 3600'],
  ['allow-uid', '1,,2', 'whole numbers from 0 to 4294967294, separated by commas'],
  ['allow-uid', '4294967295', 'whole numbers from 0 to 4294967294, separated by commas'],
  ['log-level', 'loud', 'one of trace, debug, info, warn, error, fatal, silent'],
] as const) {
  test(`--${flag} ${JSON.stringify(value)} is refused by name, value and range`, (t) => {
    const error = t.throws(() => agentOptionsOf('a.ts', { [flag]: value }), INVALID) as LaunchpoolError;
    t.is(error.message, `--${flag} ${value}: not ${accepted}`);
    t.truthy(error.hint);
  });
}

test('more threads at the start than there may be are refused by both flags', (t) => {
  const error = t.throws(() => agentOptionsOf('a.ts', { 'min-threads': '3', threads: '2' }), INVALID);
  t.regex(String(error?.message), /--min-threads 3: .*--threads.* 2/);
  t.is(agentOptionsOf('a.ts', { 'min-threads': '2', threads: '2' }).minThreads, 2);
});

test('`dev` refuses a wrong flag before it holds anything', async (t) => {
  const { status, stderr } = await runProgram([process.execPath, ENTRY, 'dev', 'a.ts', '--idle', 'soon']);
  t.is(status, 64);
  t.regex(stderr, /--idle soon/);
});
