/** The programs on the pages of docs/, run in a project that has the package; the sessions, with their output. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { builtPackage } from '../helpers/built-package.ts';
import { lastingNode } from '../helpers/lasting-node.ts';
import { runProgram } from '../helpers/program.ts';
import { findPython } from '../helpers/pythons.ts';
import { sharedSystemd } from '../helpers/shared-systemd.ts';
import type { SystemdSession } from '../helpers/systemd-session.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const built = builtPackage();
const systemd = sharedSystemd();

/** A project with the programs of the pages, and two files to search in. */
async function projectOf(t: ExecutionContext): Promise<string> {
  const project = join(await tempDir(t), 'project');
  cpSync(join(ROOT, 'test', 'fixtures', 'docs'), project, { recursive: true });
  copyFileSync(join(ROOT, 'examples', 'rot13', 'rpc.ts'), join(project, 'rot13.ts'));
  copyFileSync(join(ROOT, 'examples', 'python', 'launchpool_client.py'), join(project, 'launchpool_client.py'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(project, 'texts'));
  writeFileSync(join(project, 'texts', 'a.txt'), 'one\na socket\n');
  writeFileSync(join(project, 'texts', 'b.txt'), 'the other socket\n');
  built.linkInto(project);
  return project;
}

/** The socket of an agent of one of these programs. */
async function agentOf(t: ExecutionContext, project: string, module: string, env = {}): Promise<string> {
  const { startAgent } = await built.testing();
  const agent = await startAgent(join(project, module), { env });
  t.teardown(agent.close);
  return agent.socketPath;
}

type Case = { program: string; module: string; args: readonly string[]; shows: string; notes?: RegExp };

const CASES: readonly Case[] = [
  { program: 'call-rot13.ts', module: 'rot13.ts', args: [], shows: 'Uryyb\nUryyb\nERR_LAUNCHPOOL_METHOD_NOT_FOUND\n' },
  { program: 'call_rot13.py', module: 'rot13.ts', args: [], shows: 'Uryyb\n' },
  {
    program: 'call-search.ts',
    module: 'search.ts',
    args: ['texts'],
    shows: 'a.txt:2\nb.txt:1\n',
    notes: /0 of 2: a\.txt/,
  },
  { program: 'call_search.py', module: 'search.ts', args: ['texts'], shows: 'a.txt 2\nb.txt 1\n2 hits\n' },
  { program: 'call_library.py', module: 'search.ts', args: ['texts'], shows: 'a.txt 2\nb.txt 1\nENOENT\n' },
];

for (const { program, module, args, shows, notes = /^$/ } of CASES) {
  test(`${program} prints what its comments say`, async (t) => {
    t.timeout(120_000);
    const project = await projectOf(t);
    const socket = await agentOf(t, project, module);
    const runtime = program.endsWith('.py') ? findPython()?.path : process.execPath;
    if (runtime === undefined) return t.fail('no Python is installed');
    const folders = args.map((folder) => join(project, folder));
    const { stdout, stderr } = await runProgram([runtime, program, socket, ...folders], { cwd: project });
    t.is(stdout.toString(), shows, stderr);
    t.regex(stderr, notes);
  });
}

test('call_search.py ends with the error that the agent answers', async (t) => {
  t.timeout(120_000);
  const project = await projectOf(t);
  const socket = await agentOf(t, project, 'search.ts');
  const runtime = findPython()?.path;
  if (runtime === undefined) return t.fail('no Python is installed');
  const program = [runtime, 'call_search.py', socket, join(project, 'missing')] as const;
  const { status, stdout, stderr } = await runProgram(program, { cwd: project });
  t.is(status, 1);
  t.is(stdout.toString(), '');
  t.regex(stderr, /^ENOENT: .*missing'\n$/);
});

test('hold.ts holds a socket, and leaves nothing', async (t) => {
  t.timeout(120_000);
  const project = await projectOf(t);
  const { status, stdout, stderr } = await runProgram([process.execPath, 'hold.ts'], { cwd: project });
  t.is(stdout.toString(), 'Uryyb\n', stderr);
  t.is(status, 0);
});

test('rot13.test.ts passes under node:test', async (t) => {
  t.timeout(120_000);
  const project = await projectOf(t);
  const { status, stdout } = await runProgram([process.execPath, '--test', 'rot13.test.ts'], { cwd: project });
  t.is(status, 0, stdout.toString());
});

test('pack.ts and limits.ts do what their comments say', async (t) => {
  t.timeout(120_000);
  const project = await projectOf(t);
  const { close, connect, withOptions } = await built.client();
  const packing = await connect<typeof import('../fixtures/docs/pack.ts')>(await agentOf(t, project, 'pack.ts'));
  t.teardown(() => close(packing));
  const facts = await packing.facts(await packing.pack(new Uint8Array([1, 2, 2])));
  t.deepEqual([...facts.values()], [3n, new Set([1, 2]), new Date(0)]);

  const limited = await connect<typeof import('../fixtures/docs/limits.ts')>(await agentOf(t, project, 'limits.ts'));
  t.teardown(() => close(limited));
  t.is(await limited.slow(1), 'done');
  const slow = withOptions(limited, { timeoutMs: 50 });
  // Which of the two it is depends on the machine: the request may wait for longer than that.
  const error = await t.throwsAsync<NodeJS.ErrnoException>(() => slow.slow(60_000));
  t.regex(error?.code ?? '', /^ERR_LAUNCHPOOL_(?:RUN|QUEUE)_TIMEOUT$/);
});

test('relay.ts calls another agent', async (t) => {
  t.timeout(120_000);
  const project = await projectOf(t);
  const { close, connect } = await built.client();
  const relay = await agentOf(t, project, 'relay.ts', { ROT13: await agentOf(t, project, 'rot13.ts') });
  const client = await connect<typeof import('../fixtures/docs/relay.ts')>(relay);
  t.teardown(() => close(client));
  t.is(await client.shout('Hello'), 'URYYB');
});

type Command = { readonly command: string; readonly output: string };

/** The commands of a block `console`, each with the lines below it. */
function commandsOf(block: string): Command[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...output] = text.trimEnd().split('\n');
      return { command, output: output.join('\n') };
    });
}

const CONSOLE = /^```console\n([\s\S]*?)^```/gm;

for (const page of ['README.md', 'docs/start.md']) {
  test.serial(`the sessions in ${page} print what it shows`, async (t) => {
    t.timeout(120_000);
    const session = await systemd(t);
    if (session === undefined) return;
    const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(CONSOLE)];
    t.true(blocks.length > 0);
    for (const [, block = ''] of blocks) {
      const project = await projectOf(t);
      const shell = shellIn(session, project);
      t.teardown(() => shell('launchpool uninstall com.example.rot13'));
      for (const { command, output } of commandsOf(block)) t.is(await shell(command), output, command);
    }
  });
}

/**
 * Runs commands of a page in a session of a user, with an idle time of a second in place of a minute. Gives what they
 * print to standard output: the steps of an installation are on standard error.
 */
function shellIn({ run }: SystemdSession, project: string): (command: string) => Promise<string> {
  const program = join(built.folder, 'dist', 'launchpool.cjs');
  mkdirSync(join(project, 'bin'));
  const script = `#!/bin/sh\nexec '${lastingNode()}' '${program}' "$@"\n`;
  writeFileSync(join(project, 'bin', 'launchpool'), script, { mode: 0o755 });
  const shell = async (command: string): Promise<string> => {
    const line = `cd '${project}' && PATH='${project}/bin':$PATH && ${command}`;
    const { stdout } = await run(['/bin/sh', '-c', line]);
    return stdout.trimEnd().replaceAll('/run/user/0/', '/run/user/1000/');
  };
  return async (command) => {
    if (command.startsWith('launchpool install')) return shell(`${command} --idle 1`);
    const [sleep, rest] = command.split('; ');
    if (rest === undefined || sleep?.startsWith('sleep ') !== true) return shell(command);
    while (!(await shell(rest)).includes('no process')) await wait(50);
    return shell(rest);
  };
}
