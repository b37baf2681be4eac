/** `launchpool install --env`: a variable has its value on the command line, never silently from the shell. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ENTRY } from '../../helpers/agent.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('--env NAME is refused, with what to write instead, and shows no value of the shell', async (t) => {
  const module = join(await tempDir(t), 'agent.ts');
  await writeFile(module, 'export const ping = (): string => "pong";');
  const args = ['install', module, '--label', 'com.example.env', '--dry-run', '--json'];
  const env = { ...process.env, LP_SECRET: 'from-the-shell' };
  const { status, stdout, stderr } = await runProgram(
    [process.execPath, ENTRY, ...args, '--env', 'A=1', '--env', 'LP_SECRET'],
    { env },
  );
  t.is(status, 64, stderr);
  const { error } = JSON.parse(stdout.toString());
  t.is(error.code, 'ERR_LAUNCHPOOL_OPTION_INVALID');
  t.true(error.message.includes('--env LP_SECRET'), error.message);
  t.true(error.hint.includes('--env LP_SECRET=VALUE') && error.hint.includes('--authkey-file'), error.hint);
  t.false(stdout.toString().includes('from-the-shell'));
});
