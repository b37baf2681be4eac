/** Errors of usage: each names what is wrong, and where the help is. */
import { existsSync } from 'node:fs';
import test from 'ava';
import { makeFolder } from '../../../src/make-folder.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { canBeOtherUser } from '../../helpers/other-user.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const FAILURE = new URL('../../../src/cli/failure.ts', import.meta.url).href;
const HOST = new URL('../../../src/installed/host.ts', import.meta.url).href;

const CASES: readonly [args: string, status: number, text: RegExp][] = [
  ['install --lable x a.ts', 64, /unknown option '--lable'.*--label\?.*launchpool install --help/s],
  ['install a.ts', 64, /the label is missing: .*--label.*package\.json.*launchpool install --help/s],
  ['calll x', 64, /unknown command 'calll'.*call\?/s],
  ['call', 64, /missing required argument 'target'.*launchpool call --help/s],
  ['dev a.ts --idle soon', 64, /--idle soon: not a number.*launchpool dev --help/s],
  ['dev a.ts --inspect=x', 64, /--inspect x: not a whole number from 0 to 65535.*launchpool dev --help/s],
  ['dev --inspect-brk a.ts', 64, /unknown option '--inspect-brk'/],
  ['install a.ts --label a --inspect', 64, /unknown option '--inspect'/],
  ['call /tmp/no.sock a {bad', 64, /\{bad: Expected property name or '\}' in JSON at position 1/],
  ['call /tmp/no.sock a [1,2', 64, /position 4/],
  ['call /tmp/no.sock a -', 64, /standard input is empty, not JSON.*Pipe one JSON value/s],
  [
    'log-level com.example.no loud',
    64,
    /loud: not a level\. The levels are trace, debug, info, warn, error, fatal, silent/,
  ],
  ['repl /tmp/no.sock', 69, /cannot connect to \/tmp\/no\.sock/],
];

for (const [args, status, text] of CASES) {
  test(`launchpool ${args}`, async (t) => {
    const ran = await runProgram([process.execPath, ENTRY, ...args.split(' ')], { input: '' });
    t.is(ran.status, status);
    t.regex(ran.stderr, text);
    t.notRegex(ran.stderr, /\n {4}at /);
  });
}

test('a pipe that is closed, a full disk, and folders that are not there are no crash', async (t) => {
  const folder = await tempDir(t);
  const run = async (script: string, env: NodeJS.ProcessEnv = {}): Promise<[number | null, string]> => {
    const command = ['/bin/sh', '-c', script, process.execPath, ENTRY] as const;
    const { status, stderr } = await runProgram(command, { env: { ...process.env, ...env } });
    t.notRegex(stderr, /\n {4}at |node:internal/, script);
    return [status, stderr];
  };
  for (const verb of ['--help', 'install --help', 'list', 'doctor'])
    t.deepEqual(await run(`"$0" "$1" ${verb} | head -c 0`), [0, ''], verb);
  if (existsSync('/dev/full')) {
    for (const verb of ['--help', 'list --json']) {
      const [status, stderr] = await run(`"$0" "$1" ${verb} > /dev/full`);
      t.is(status, 73, verb);
      t.regex(stderr, /the output cannot be written: ENOSPC/);
    }
  }
  const [gone, said] = await run(
    `mkdir "${folder}/gone"; cd "${folder}/gone"; rmdir "${folder}/gone"; "$0" "$1" dev a.ts`,
  );
  t.is(gone, 73);
  t.regex(said, /working folder does not exist/);
  t.regex(
    (await run('"$0" "$1" path com.x', { XDG_RUNTIME_DIR: 'relative' }))[1],
    /XDG_RUNTIME_DIR is no absolute path|no agent/,
  );
  t.regex((await run('"$0" "$1" dev a.ts', { XDG_RUNTIME_DIR: 'relative' }))[1], /XDG_RUNTIME_DIR is no absolute path/);
  t.regex(
    (await run('"$0" "$1" dev a.ts', { TMPDIR: `${folder}/none`, XDG_RUNTIME_DIR: folder }))[1],
    /TMPDIR names the folder/,
  );
});

test('a folder below one that takes no entries is an error, and not an endless search', (t) => {
  if (!existsSync('/proc/self')) return t.pass();
  t.throws(() => makeFolder('/proc/self/none/below'), { code: 'ENOENT' });
});

test('a user without HOME and without an account is told so', async (t) => {
  if (!canBeOtherUser(t)) return;
  // All is imported before, since that user may not read the sources.
  const script = `
    import { describe, exitStatusOf } from ${JSON.stringify(FAILURE)};
    import { hostOf } from ${JSON.stringify(HOST)};
    process.setgid(12345);
    process.setuid(12345);
    delete process.env.HOME;
    try {
      hostOf();
    } catch (error) {
      console.error(describe(error));
      process.exitCode = exitStatusOf(error);
    }`;
  const { status, stderr } = await runProgram([process.execPath, '--input-type=module', '-e', script]);
  t.is(status, 78, stderr);
  t.regex(
    stderr,
    /^HOME is not set, and the system has no entry of user 12345 .*\n {2}Set HOME to a folder of that user\.\n$/,
  );
});
