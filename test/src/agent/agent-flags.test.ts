/** The flags of `run` and `dev`, from text to options. */
import { chmodSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { agentOptionsOf, readAuthkey } from '../../../src/agent/agent-flags.ts';
import { AGENT_DEFAULTS } from '../../../src/agent/options.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('without flags the defaults hold, and the module is a URL', (t) => {
  t.deepEqual(agentOptionsOf('/some where/a.ts', {}), {
    ...AGENT_DEFAULTS,
    modulePath: '/some where/a.ts',
    moduleUrl: 'file:///some%20where/a.ts',
  });
  t.is(agentOptionsOf('a.ts', {}).moduleUrl, pathToFileURL(`${process.cwd()}/a.ts`).href);
});

test('each flag sets its option', (t) => {
  const given = {
    idle: '0.25',
    threads: '3',
    'no-md5': true,
    'max-frame': '10',
    'handshake-timeout': '0.5',
    drain: '0',
    'log-level': 'warn',
  };
  t.like(agentOptionsOf('a.ts', given), {
    idleMs: 250,
    threads: 3,
    md5: false,
    maxFrameBytes: 10,
    handshakeMs: 500,
    drainMs: 0,
    logLevel: 'warn',
  });
  t.is(agentOptionsOf('a.ts', { threads: 'auto' }).threads, availableParallelism());
});

for (const [flag, value] of [
  ['idle', '-1'],
  ['idle', 'soon'],
  ['idle', ''],
  ['threads', '0'],
  ['threads', '1.5'],
  ['max-frame', '-1'],
  ['max-frame', '1e3'],
  ['handshake-timeout', '0'],
  ['log-level', 'loud'],
] as const) {
  test(`--${flag} ${JSON.stringify(value)} is refused by name and value`, (t) => {
    const error = t.throws(() => agentOptionsOf('a.ts', { [flag]: value }), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' });
    t.true(error?.message.includes(`--${flag} ${value}`));
  });
}

test('a key file loses one trailing newline and nothing else', async (t) => {
  const folder = await tempDir(t);
  const keyOf = (content: string): string => {
    writeFileSync(`${folder}/key`, content, { mode: 0o600 });
    return readAuthkey(`${folder}/key`).toString('latin1');
  };
  t.is(keyOf('k'), 'k');
  t.is(keyOf('k\n'), 'k');
  t.is(keyOf('k\n\n'), 'k\n');
  t.is(keyOf(' k\r\n'), ' k\r');
  t.throws(() => keyOf('\n'), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID', message: /empty/ });
});

for (const mode of [0o640, 0o604, 0o660, 0o666, 0o601]) {
  test(`a key file of mode ${mode.toString(8)} is refused`, async (t) => {
    const key = join(await tempDir(t), 'key');
    writeFileSync(key, 'secret');
    chmodSync(key, mode);
    const error = t.throws<LaunchpoolError>(() => readAuthkey(key), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' });
    t.regex(error.message, new RegExp(`0${mode.toString(8)}`));
    t.is(error.hint, `chmod 600 ${key}`);
    chmodSync(key, 0o400);
    t.is(readAuthkey(key).toString(), 'secret');
  });
}

test('`dev` refuses a wrong flag before it holds anything', async (t) => {
  const { status, stderr } = await runProgram([process.execPath, ENTRY, 'dev', 'a.ts', '--idle', 'soon']);
  t.is(status, 64);
  t.regex(stderr, /--idle soon/);
});
