/** Holds README.md to the behaviour of the program. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import test from 'ava';
import { connect, connectRaw } from '../../src/client/index.ts';
import { ENTRY, holdAgent } from '../helpers/agent.ts';
import { runProgram } from '../helpers/program.ts';
import { findPython } from '../helpers/pythons.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const readme = read('README.md');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code ?? '',
  );
}

test('the agents in README work as described', async (t) => {
  const folder = await tempDir(t);
  const [rpc = '', raw = ''] = blocks('ts');
  await writeFile(`${folder}/rpc.ts`, rpc);
  await writeFile(`${folder}/raw.ts`, raw);
  const rpcAgent = await holdAgent(t, `${folder}/rpc.ts`);
  const agent = await connect<{ rot13(text: string): string }>(rpcAgent.socketPath);
  t.is(await agent.rot13('Hello, launchd'), 'Uryyb, ynhapuq');
  const client = await connectRaw((await holdAgent(t, `${folder}/raw.ts`)).socketPath);
  t.is((await client.request('echo')).toString(), 'echo');
});

test('the Python example in README prints the value in its comment', async (t) => {
  const folder = await tempDir(t);
  await writeFile(`${folder}/rot13.ts`, blocks('ts')[0] ?? '');
  const { socketPath } = await holdAgent(t, `${folder}/rot13.ts`);
  const [script = ''] = blocks('python');
  const python = findPython();
  if (python === undefined) return t.fail('no Python is installed');
  const { stdout } = await runProgram([
    python.path,
    '-c',
    script.replace('/run/user/1000/com.example.rot13.sock', socketPath),
  ]);
  t.is(stdout.toString().trim(), /# (b'.*')$/m.exec(script)?.[1] ?? 'no such comment');
});

test('CI runs the commands that README gives to a new user', (t) => {
  const ci = read('.ci/run').split('\n');
  for (const command of blocks('sh').slice(0, 2))
    t.true(
      ci.some((line) => line.includes(command.trim())),
      command,
    );
});

test('the exit statuses in the help are those of the errors, and 0 and 1', async (t) => {
  const { ERROR_CODES } = await import('../../wire/errors.ts');
  const { stdout, stderr } = await runProgram([process.execPath, ENTRY, 'help']);
  const help = `${stdout}${stderr}`;
  const listed = [...help.slice(help.indexOf('Exit status')).matchAll(/(?:^|[ \n])(\d+) +[a-z]/g)].map(([, n]) =>
    Number(n),
  );
  const known = new Set([0, 1, ...Object.values(ERROR_CODES).map(({ exit }) => exit)]);
  t.deepEqual(
    listed.toSorted((a, b) => a - b),
    [...known].sort((a, b) => a - b),
  );
});
