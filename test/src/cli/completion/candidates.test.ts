/** What a word may become, by what stands before it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { createProgram } from '../../../../src/cli/command.ts';
import { type Answer, candidatesOf, type Installed } from '../../../../src/cli/completion/candidates.ts';
import { versionFileOf, versionFileText } from '../../../../src/installed/kept-versions.ts';
import { readRecord } from '../../../../src/installed/record.ts';
import { VERB_TABLES } from '../../../../src/options/verb-tables.ts';
import { VERBS } from '../../../../src/options/verbs.ts';
import { ENTRY } from '../../../helpers/agent.ts';
import { recordInstalled } from '../../../helpers/install-record.ts';
import { runProgram } from '../../../helpers/program.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const INSTALLED: Installed = {
  labels: () => [{ value: 'com.example.a', description: '/a.ts' }, { value: 'com.example.b' }],
  methods: (target) => (target === 'com.example.a' || target === '/a.sock' ? ['add', 'alter', 'sub'] : []),
  versions: (label) => (label === 'com.example.a' ? [{ value: '0a1b' }, { value: '2c3d' }] : []),
};

const FILES = 'files';
const LABELS = ['com.example.a', 'com.example.b'];
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** The last word is being typed. */
const CASES: readonly [args: readonly string[], expected: readonly string[]][] = [
  [['sta'], ['start', 'status']],
  [['list'], ['list']],
  [['mcp', ''], LABELS],
  [['mcp', 'com.example.a', ''], ['com.example.b']],
  [['mcp', '--config', 'co'], ['codex']],
  [['--v'], ['--version']],
  [['-'], ['--help', '--version']],
  [['nonsense'], []],
  [['nonsense', ''], []],
  [['__proto__', ''], []],
  [
    ['help', 're'],
    ['restart', 'reload', 'repl'],
  ],
  // Options.
  [
    ['call', '--te'],
    ['--text-arg', '--text'],
  ],
  [['status', 'com.example.a', '--js'], ['--json']],
  [
    ['list', ''],
    ['--json', '--help'],
  ],
  [['list', '--json', ''], ['--help']],
  [['list', '--json', '--j'], []],
  [['call', '--text-arg', 'x', '--text-a'], ['--text-arg']],
  [['logs', '-f', '--fo'], []],
  [['logs', '-n', ''], []],
  [['logs', '-n', '5', ''], LABELS],
  [['dev', '--inspect', ''], [FILES]],
  [['dev', '--inspect', '9229', ''], [FILES]],
  [['list', '--nonsense', '--j'], ['--json']],
  // Values.
  [['install', '--log-level', ''], LEVELS],
  [['install', '--log-level', 'in'], ['info']],
  [['install', '--log-level=in'], ['info']],
  [
    ['install', '--log='],
    ['journal', 'file'],
  ],
  [['install', '--log', 'x'], []],
  [['install', '--json='], []],
  [['install', '--nonsense='], []],
  [['install', '--threads', ''], ['auto']],
  [['install', '--idle', ''], []],
  [['install', '--label', 'com'], LABELS],
  [['install', '--authkey-file', ''], [FILES]],
  [['install', '--authkey-file=k'], [FILES]],
  [['call', '--bytes-arg', ''], [FILES]],
  [['call', '--params', ''], []],
  [['install', '--label', '--json', ''], [FILES]],
  // Words.
  [['install', ''], [FILES]],
  [['install', 'a.ts', '--dry'], ['--dry-run']],
  [['init', ''], [FILES]],
  [['status', ''], LABELS],
  [['status', 'com.example.b'], ['com.example.b']],
  [['status', 'COM'], []],
  [
    ['call', ''],
    [...LABELS, FILES],
  ],
  [['call', './a'], [FILES]],
  [
    ['call', 'com.example.a', ''],
    ['add', 'alter', 'sub'],
  ],
  [
    ['call', 'com.example.a', 'a'],
    ['add', 'alter'],
  ],
  [['call', '/a.sock', 's'], ['sub']],
  [['call', 'com.example.b', ''], []],
  [['call', '--timeout', '5', 'com.example.a', '--text', 's'], ['sub']],
  [['call', '--raw', 'com.example.a', ''], []],
  [['call', 'com.example.a', 'add', '1'], []],
  [
    ['rollback', 'com.example.a', ''],
    ['0a1b', '2c3d'],
  ],
  [['rollback', 'com.example.a', '2'], ['2c3d']],
  [['log-level', 'com.example.a', 'w'], ['warn']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  // Past the options.
  [['call', '--', 'com.example.a', 's'], ['sub']],
  [['call', '--', '--te'], [FILES]],
  [['list', '--', ''], []],
  [['call', 'com.example.a', '--', '--text-arg', ''], []],
];

function textsOf({ candidates, files }: Answer): string[] {
  return [...candidates.map(({ value }) => value), ...(files ? [FILES] : [])];
}

for (const [args, expected] of CASES) {
  test(`launchpool ${args.join(' ')}|`, (t) => {
    t.deepEqual(textsOf(candidatesOf(args, INSTALLED)).sort(), [...expected].sort());
  });
}

test('without a word, all verbs are candidates, with their lines of the help', async (t) => {
  const { commands } = await createProgram(() => undefined);
  for (const args of [[], ['']]) {
    const { candidates, files } = candidatesOf(args, INSTALLED);
    t.false(files);
    const expected = commands.map((command) => ({ value: command.name(), description: command.summary() }));
    t.deepEqual(candidates.slice(0, -1), expected);
    t.is(candidates.at(-1)?.value, 'help');
  }
});

test('the words of each verb are the arguments of its command', async (t) => {
  const { commands } = await createProgram(() => undefined);
  t.is(commands.length, Object.keys(VERBS).length);
  for (const command of commands) {
    const { words } = VERBS[command.name() as keyof typeof VERBS];
    t.is(words.length, command.registeredArguments.length, command.name());
  }
});

test('every option of every verb is a candidate, with its help', (t) => {
  for (const [verb, tables] of Object.entries(VERB_TABLES)) {
    const rows = tables.flatMap((table) => Object.values(table));
    const { candidates } = candidatesOf([verb, '--'], INSTALLED);
    t.deepEqual(
      candidates.slice(0, -1),
      rows.map(({ flag, help }) => ({ value: `--${flag}`, description: help })),
      verb,
    );
  }
});

test('any line has an answer, and every candidate begins as the word does', (t) => {
  const pieces = [
    '',
    '-',
    '--',
    '--log',
    '--log=',
    '--log=j',
    '-n',
    '5',
    'com.example.a',
    'a',
    '=',
    ...Object.keys(VERBS),
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 6 }), (args) => {
      const typed = args.at(-1) ?? '';
      for (const { value } of candidatesOf(args, INSTALLED).candidates) {
        t.true(value.startsWith(typed) || value.startsWith(typed.slice(typed.indexOf('=') + 1)), args.join(' '));
      }
    }),
  );
});

async function ask(home: string, ...args: string[]): Promise<[status: number | null, stdout: string, stderr: string]> {
  const env = { ...process.env, HOME: home };
  const { status, stdout, stderr } = await runProgram([process.execPath, ENTRY, 'complete', ...args], { env });
  return [status, stdout.toString(), stderr];
}

test('labels, methods and versions are those of the files, in the protocol of the scripts', async (t) => {
  const home = await tempDir(t);
  const methods = ['add', 'with space', '$quoted', 'tab\there', 'größe'];
  const layout = recordInstalled('com.example.a', { home, env: {} }, () => ({ methods, module: '/two\nlines\t.ts' }));
  recordInstalled('com.example.raw', { home, env: {} }, () => ({ kind: 'raw' }));
  const record = readRecord(layout);
  if (record === undefined) return t.fail();
  const file = versionFileOf(layout, 'before');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, versionFileText(layout, { ...record, hash: 'before' }));

  t.deepEqual(await ask(home, '--', 'status', 'com.example.a'), [0, 'com.example.a\t/two lines .ts\n:4\n', '']);
  // A shell would take the others for something else than one word.
  t.deepEqual(await ask(home, '--', 'call', "'com.example.a'", ''), [0, 'add\ngröße\n:4\n', '']);
  t.deepEqual(await ask(home, '--', 'call', layout.sockets.agent, 'a'), [0, 'add\n:4\n', '']);
  t.deepEqual(await ask(home, '--', 'call', 'com.example.raw', ''), [0, ':4\n', '']);
  const [status, stdout, stderr] = await ask(home, '--', 'rollback', 'com.example.a', 'be');
  t.deepEqual([status, stderr], [0, '']);
  t.regex(stdout, /^before\treplaced at \d{4}-\d\d-\d\dT.*Z\n:4\n$/);
});

test('damaged files, a missing home folder and requests without words are no error', async (t) => {
  const home = await tempDir(t);
  const { record } = recordInstalled('com.example.a', { home, env: {} });
  writeFileSync(record, '{ "methods": 5');
  t.deepEqual(await ask(home, '--', 'status', ''), [0, ':4\n', '']);
  for (const missing of [join(home, 'missing'), record, '']) {
    t.deepEqual(await ask(missing, '--', 'call', 'com.example.a', ''), [0, ':4\n', ''], missing);
  }
  for (const args of [[], ['--']]) {
    const [status, stdout, stderr] = await ask(home, ...args);
    t.deepEqual([status, stderr], [0, '']);
    t.regex(stdout, /^init\t/);
  }
});
