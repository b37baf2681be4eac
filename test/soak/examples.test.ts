/**
 * The examples that a reader installs: copied into a project that has launchpool as a package, with packages of their
 * own, installed under a real systemd, and called. `npm run examples` runs this file.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { builtPackage } from '../helpers/built-package.ts';
import { lastingNode } from '../helpers/lasting-node.ts';
import { notTested } from '../helpers/not-tested.ts';
import { type Finished, type ProgramOptions, runProgram } from '../helpers/program.ts';
import { sharedSystemd } from '../helpers/shared-systemd.ts';
import type { SystemdSession } from '../helpers/systemd-session.ts';
import { removeFolder, SHORT_TEMP } from '../helpers/temp-dir.ts';
import { findTool } from '../helpers/tools.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const EXAMPLES = ['formatter', 'thumbnails', 'lookup', 'diagnostics', 'tools'] as const;

const built = builtPackage();
const systemd = sharedSystemd();

type Installed = {
  /** The folder of the example in the project. */
  readonly folder: string;
  readonly label: string;
  /** Runs `launchpool call LABEL …`. @throws Error with what it has printed, unless it succeeds */
  call(...words: string[]): Promise<Buffer>;
  launchpool(words: readonly string[], options?: ProgramOptions): Promise<Finished>;
  readonly socketPath: string;
};

/** Copies an example into a new project, and installs it. Undefined, with a report, without systemd. */
async function installed(t: ExecutionContext, name: (typeof EXAMPLES)[number]): Promise<Installed | undefined> {
  t.timeout(90_000);
  const session = await systemd(t);
  if (session === undefined) return undefined;
  const folder = await copyOf(name);
  const launchpool = commandIn(session, folder);
  const label = `com.example.${name}`;
  const { status, stdout, stderr } = await launchpool(['install', `${name}.ts`, '--json']);
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  t.teardown(() => launchpool(['uninstall', label]));
  return {
    folder,
    label,
    launchpool,
    socketPath: join(session.host.env.XDG_RUNTIME_DIR ?? '', `${label}.sock`),
    async call(...words) {
      const finished = await launchpool(['call', label, ...words]);
      if (finished.status !== 0) throw new Error(`${words.join(' ')}: ${finished.stderr}`);
      return finished.stdout;
    },
  };
}

const copies = new Map<string, Promise<string>>();
const projects = mkdtempSync(join(SHORT_TEMP, 'lp-'));
test.after.always(() => removeFolder(projects));

/** A project with launchpool, TypeScript and one example, whose packages `npm ci` installs, once. */
function copyOf(name: (typeof EXAMPLES)[number]): Promise<string> {
  const known = copies.get(name) ?? makeCopy(name);
  copies.set(name, known);
  return known;
}

async function makeCopy(name: string): Promise<string> {
  const project = join(projects, `of-${name}`);
  mkdirSync(project);
  built.linkInto(project);
  for (const shared of ['typescript', '@types'])
    symlinkSync(join(ROOT, 'node_modules', shared), join(project, 'node_modules', shared));
  const folder = join(project, name);
  cpSync(join(ROOT, 'examples', name), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('node_modules'),
  });
  const { status, stderr } = await runProgram(['npm', 'ci', '--prefer-offline', '--no-audit', '--no-fund'], {
    cwd: folder,
    env: { ...process.env, npm_config_loglevel: 'error' },
  });
  if (status !== 0) throw new Error(`npm ci of ${name}: ${stderr}`);
  return folder;
}

/** The command line, in the session of a user whose manager is this systemd. */
function commandIn({ host, run }: SystemdSession, cwd: string): Installed['launchpool'] {
  const program = join(built.folder, 'dist', 'launchpool.cjs');
  return async (words, options) => {
    const command = [lastingNode(), program, ...words] as const;
    // What talks to systemd runs where it is; everything else needs the socket alone.
    if (words[0] === 'install' || words[0] === 'uninstall') {
      const script = `cd "$0" && exec "$@"`;
      const { status, stdout, stderr } = await run(['/bin/sh', '-c', script, cwd, ...command]);
      return { status, signal: null, stdout: Buffer.from(stdout), stderr };
    }
    const env = { PATH: process.env.PATH, HOME: host.home, XDG_RUNTIME_DIR: host.env.XDG_RUNTIME_DIR };
    return runProgram(command, { ...options, cwd, env });
  };
}

/** The part of sharp that the test uses; the package is the example's own. */
type Sharp = (input: object | string) => {
  png(): { toFile(path: string): Promise<unknown> };
  metadata(): Promise<{ format?: string; width?: number; height?: number }>;
};

type Problem = { file: string; line: number; column: number; code: number; text: string };
/** The methods of examples/diagnostics. */
type Diagnostics = { check(config: string, edited?: Record<string, string>): AsyncGenerator<Problem, number> };

const linesOf = (output: Buffer): unknown[] =>
  output
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test.serial('the formatter formats as the command of prettier does', async (t) => {
  const agent = await installed(t, 'formatter');
  if (agent === undefined) return;
  const file = join(agent.folder, 'messy.ts');
  writeFileSync(file, 'export const  messy = {a:1 ,\n b : "two"}\n');
  writeFileSync(join(agent.folder, '.prettierrc'), '{ "singleQuote": true }');
  const prettier = join(agent.folder, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
  const expected = (await runProgram([process.execPath, prettier, file])).stdout.toString();
  t.true(expected.includes("'two'"));
  // -r prints a text as a line.
  const formatted = (await agent.call('format', '@messy.ts', '--text-arg', file, '-r')).toString();
  t.is(formatted.trimEnd(), expected.trimEnd());
  const nc = findTool('nc');
  const help = nc === undefined ? '' : (await runProgram([nc, '-h'])).stderr;
  if (/-N\b/.test(help) && findTool('jq') !== undefined) {
    const { PATH } = process.env;
    const options = { input: readFileSync(file), env: { PATH, FORMATTER_SOCKET: agent.socketPath } };
    const script = join(agent.folder, 'format.sh');
    t.is((await runProgram([script, file], options)).stdout.toString(), expected);
    const refused = await runProgram([script, '/x.unknown'], options);
    t.is(refused.status, 1);
    t.regex(refused.stderr, /prettier knows no parser for \/x\.unknown/);
  } else notTested(t, 'examples/formatter/format.sh needs jq, and nc with -N');
  writeFileSync(file, expected);
  t.is((await agent.call('isFormatted', '@messy.ts', '--text-arg', file)).toString(), 'true\n');
  const { status, stderr } = await agent.launchpool(['call', agent.label, 'format', '"x"', '"/x.unknown"']);
  t.is(status, 1);
  t.regex(stderr, /prettier knows no parser for \/x\.unknown/);
});

test.serial('thumbnails have the size that was asked for, from bytes and from a folder', async (t) => {
  const agent = await installed(t, 'thumbnails');
  if (agent === undefined) return;
  const sharp = createRequire(join(agent.folder, 'thumbnails.ts'))('sharp') as Sharp;
  const picture = { create: { width: 800, height: 400, channels: 3, background: 'red' } };
  mkdirSync(join(agent.folder, 'photos'));
  for (const name of ['a.png', 'b.png', 'c.png'])
    await sharp(picture)
      .png()
      .toFile(join(agent.folder, 'photos', name));

  const thumbnail = await agent.call('thumbnail', '--bytes-arg', 'photos/a.png', '-r');
  const { format, width, height } = await sharp(thumbnail).metadata();
  t.deepEqual({ format, width, height }, { format: 'webp', width: 256, height: 128 });

  const paths = ['--text-arg', join(agent.folder, 'photos'), '--text-arg', join(agent.folder, 'small')];
  const made = linesOf(await agent.call('folder', ...paths, '--stream'));
  t.is(made.length, 3);
  t.is((await sharp(join(agent.folder, 'small', 'c.webp')).metadata()).width, 256);
});

test.serial('the lookup finds words in the files that it has read, also after its agent has ended', async (t) => {
  const agent = await installed(t, 'lookup');
  if (agent === undefined) return;
  cpSync(join(ROOT, 'docs'), join(agent.folder, 'notes'), { recursive: true });
  const notes = join(agent.folder, 'notes');
  const files = Number(await agent.call('read', '--text-arg', notes));
  t.true(files > 15);
  t.is(Number(await agent.call('read', '--text-arg', notes)), files);
  t.is((await agent.launchpool(['reload', agent.label])).status, 0);
  const hits = linesOf(await agent.call('search', '--text-arg', 'pickle AND handshake', '--stream'));
  t.true(hits.some((hit) => (hit as { file: string }).file === join(notes, 'protocol.md')));
});

test.serial(
  'the diagnostics are those of the compiler, of texts that are not saved too, and can be cancelled',
  async (t) => {
    const agent = await installed(t, 'diagnostics');
    if (agent === undefined) return;
    const checked = join(agent.folder, 'checked');
    const [config, wrong] = [join(checked, 'tsconfig.json'), join(checked, 'b.ts')];
    mkdirSync(checked);
    writeFileSync(config, '{ "compilerOptions": { "strict": true, "types": [] } }');
    writeFileSync(join(checked, 'a.ts'), 'export const a: number = 1;\n');
    writeFileSync(wrong, "import { a } from './a';\nexport const b: string = a;\n");
    const problem = {
      file: wrong,
      line: 2,
      column: 14,
      code: 2322,
      text: "Type 'number' is not assignable to type 'string'.",
    };
    t.deepEqual(linesOf(await agent.call('check', '--text-arg', config, '--stream')), [problem]);

    const { close, connect, withOptions } = await built.client();
    const client = await connect<Diagnostics>(agent.socketPath);
    t.teardown(() => close(client));
    const found = async (edited: Record<string, string>, signal?: AbortSignal): Promise<Problem[]> => {
      const problems: Problem[] = [];
      for await (const each of withOptions(client, { signal }).check(config, edited)) problems.push(each);
      return problems;
    };
    t.deepEqual(await found({ [wrong]: 'export {};\n' }), []);
    t.deepEqual(await found({}), [problem]);
    const typing = new AbortController();
    const checking = found({ [wrong]: 'export const b: number = "c";\n' }, typing.signal);
    typing.abort();
    await t.throwsAsync(checking, { name: 'AbortError' });
    t.deepEqual(await found({}), [problem]);
  },
);

test.serial('the tools are methods of the agent, with descriptions for a model', async (t) => {
  const agent = await installed(t, 'tools');
  if (agent === undefined) return;
  writeFileSync(join(agent.folder, 'notes.md'), 'a\nTODO: b\n');
  const found = linesOf(await agent.call('todos', JSON.stringify(agent.folder), '"notes.md"', '--stream'));
  t.deepEqual(found, [{ file: 'notes.md', line: 2, text: 'TODO: b' }]);
  const largest = JSON.parse(String(await agent.call('largest', JSON.stringify(agent.folder), '1'))) as object[];
  t.is(largest.length, 1);
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const input = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } })}\n`;
  const { stdout } = await agent.launchpool(['mcp', agent.label], { input });
  const { tools } = JSON.parse(stdout.toString()).result as { tools: { name: string; description: string }[] };
  t.deepEqual(tools.map(({ name }) => name).sort(), ['largest', 'sha256', 'todos']);
  t.true(tools.every(({ description }) => description.length > 10));
});

for (const name of EXAMPLES) {
  test.serial(`${name} passes the compiler with its own tsconfig.json`, async (t) => {
    t.timeout(120_000);
    const folder = await copyOf(name);
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    const { status, stdout } = await runProgram([process.execPath, tsc, '-p', folder]);
    t.is(status, 0, stdout.toString());
  });
}

test('all examples have the same tsconfig.json, which the documents show', (t) => {
  const texts = EXAMPLES.map((name) => readFileSync(join(ROOT, 'examples', name, 'tsconfig.json'), 'utf8'));
  t.is(new Set(texts).size, 1);
});
