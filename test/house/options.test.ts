/** Holds the help, the documents and the defaults to the table of options. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { optionsPage, withTables } from '../../build/options-docs.ts';
import { createProgram } from '../../src/cli/command.ts';
import { AGENT_TABLE, CONNECTION_DEFAULTS } from '../../src/options/agent-table.ts';
import { helpOf, syntaxOf } from '../../src/options/describe-option.ts';
import { INSTALL_TABLE } from '../../src/options/install-table.ts';
import type { Option, Table } from '../../src/options/option.ts';
import { VERB_TABLES, type Verb } from '../../src/options/verb-tables.ts';
import { runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

test('docs/options.md is the output of `npm run docs:options`', (t) => {
  t.is(read('docs/options.md'), optionsPage());
});

test('the tables of README are the output of `npm run docs:options`', (t) => {
  t.is(read('README.md'), withTables(read('README.md')));
});

test('README lists a dozen options', (t) => {
  const rows: Option[] = [...Object.values(AGENT_TABLE), ...Object.values(INSTALL_TABLE)];
  t.is(rows.filter(({ readme }) => readme).length, 12);
});

test('the help of each verb has the options of its tables, and no other', async (t) => {
  const { commands } = await createProgram(() => undefined);
  t.deepEqual(commands.map((command) => command.name()).sort(), Object.keys(VERB_TABLES).sort());
  for (const command of commands) {
    const rows = VERB_TABLES[command.name() as Verb].flatMap((table: Table) => Object.values(table));
    t.deepEqual(
      command.options.map(({ long, short, description }) => ({ long, short, description })),
      rows.map((row) => ({
        long: syntaxOf(row).split(/[ [=]/)[0],
        short: row.short === undefined ? undefined : `-${row.short}`,
        description: helpOf(row),
      })),
      command.name(),
    );
  }
});

test('the options that an agent reads before the table is loaded have the names of the table, and no default', (t) => {
  const names = [...read('boot/start.ts').matchAll(/optionOf\('--([^']+)'\)/g)].map(([, name]) => name);
  t.deepEqual(names, ['cache', 'thread-memory']);
  const rows: Option[] = VERB_TABLES.run.flatMap((table: Table) => Object.values(table));
  t.deepEqual(
    names.filter((name) => !rows.some(({ flag }) => flag === name)),
    [],
  );
  // The first thread starts without a limit; a default here would apply to all other threads.
  t.is(AGENT_TABLE.threadMemoryMb.default, 0);
});

test('a verb finds the same options whether its group is made alone or with all others', async (t) => {
  const all = await createProgram(() => undefined);
  for (const command of all.commands) {
    const alone = await createProgram(() => undefined, command.name());
    const found = alone.commands.find((other) => other.name() === command.name());
    t.is(found?.helpInformation(), command.helpInformation(), command.name());
    t.true(alone.commands.length < all.commands.length, command.name());
  }
  t.is((await createProgram(() => undefined, 'cal')).commands.length, all.commands.length);
});

/** Documents that mention a default in a sentence. */
for (const [document, pattern, expected] of [
  ['README.md', /sleep (\d+); launchpool list/, AGENT_TABLE.idleMs.default],
  [
    'docs/protocol.md',
    /up to and including (\d+) MiB \(`--max-frame`\)/,
    AGENT_TABLE.maxFrameBytes.default / 1024 ** 2,
  ],
  ['docs/protocol.md', /within (\d+) seconds\s+\(`--handshake-timeout`\)/, AGENT_TABLE.handshakeMs.default],
  ['docs/security.md', /At most ([\d ]+) \(`--max-connections`\)/, CONNECTION_DEFAULTS.connections],
] as const) {
  test(`${document} states the default in ${pattern}`, (t) => {
    t.is(Number(pattern.exec(read(document))?.[1]?.replaceAll(' ', '')), expected);
  });
}

/** Prints the results of a tree's options: documents, help, and the options that `run` starts with. */
const PROBE = `
  import { readFileSync } from 'node:fs';
  import { optionsPage, withTables } from './build/options-docs.ts';
  import { createProgram } from './src/cli/command.ts';
  import { readArguments } from './src/cli/run-arguments.ts';
  import { jobOf } from './src/installed/job-options.ts';
  const { commands } = await createProgram(() => {});
  const helpOf = (verb) => commands.find((command) => command.name() === verb).helpInformation();
  const places = { label: 'a', searchPath: '/bin', home: '/', node: '/n', program: '/p', module: '/m', cache: '/c', sockets: {} };
  console.log(JSON.stringify({
    page: optionsPage(),
    readme: withTables(readFileSync('README.md', 'utf8')),
    help: { run: helpOf('run'), dev: helpOf('dev'), install: helpOf('install'), logs: helpOf('logs') },
    options: readArguments(['/a.ts']).options,
    job: jobOf({}, places),
  }));
`;

type Probed = {
  page: string;
  readme: string;
  help: Record<'run' | 'dev' | 'install' | 'logs', string>;
  options: Record<string, unknown>;
  job: Record<string, unknown>;
};

/** Probes a copy of the sources in which one row of a table is changed. */
async function probe(t: ExecutionContext, file: string, from: RegExp, to: string): Promise<Probed> {
  const folder = await tempDir(t);
  const sources = [
    'src',
    'wire',
    'description',
    'job',
    'launchd',
    'systemd',
    'workers',
    'libc',
    'build',
    'package.json',
    'README.md',
  ];
  for (const name of sources) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'src', 'options', file);
  const before = readFileSync(path, 'utf8');
  const after = before.replace(from, to);
  t.not(after, before);
  writeFileSync(path, after);
  writeFileSync(join(folder, 'probe.ts'), PROBE);
  const { stdout, stderr, status } = await runProgram([process.execPath, 'probe.ts'], { cwd: folder });
  t.is(status, 0, stderr);
  return JSON.parse(stdout.toString()) as Probed;
}

test('a changed default is changed in help, documents, README and `run`', async (t) => {
  const { page, readme, help, options } = await probe(
    t,
    'agent-table.ts',
    /(?<=flag: 'idle',[^}]*},\s*default: )\d+/,
    '47',
  );
  const line = /^\| `--idle SECONDS` .*\| (\d+) +\|$/m;
  t.deepEqual([line.exec(page)?.[1], line.exec(readme)?.[1]], ['47', '47']);
  for (const verb of ['run', 'dev', 'install'] as const) {
    t.regex(help[verb], /--idle <SECONDS>(?:(?!--)[\s\S])*\(default:\s+47\)/, verb);
  }
  t.is(options.idleMs, 47_000);
});

test('a changed range, name and description are changed everywhere', async (t) => {
  const row = /flag: 'drain',(\s*value: .*)max: 3600 }([\s\S]*?)help: '[^']*'/;
  const { page, readme, help } = await probe(
    t,
    'agent-table.ts',
    row,
    "flag: 'finish',$1max: 77 }$2help: 'lets it end'",
  );
  t.regex(page, /^\| `--finish SECONDS` \| lets it end.* \| a number from 0 to 77 \| \d+ \|$/m);
  t.regex(readme, /^\| `--finish SECONDS` +\| lets it end +\| \d+ +\|$/m);
  t.regex(help.install, /--finish <SECONDS> +lets it end \(default: \d+\)/);
  for (const text of [page, readme, help.run]) t.notRegex(text, /--drain /);
});

test('the defaults of an installation and of a verb come from their rows too', async (t) => {
  const install = await probe(t, 'install-table.ts', /(?<=PROCESS_TYPES },\s*default: )'\w+'/, "'background'");
  t.regex(install.help.install, /--process-type <TYPE>(?:(?!--)[\s\S])*default:\s+background\)/);
  t.regex(install.page, /^\| `--process-type TYPE` .*\| background \|$/m);
  t.is(install.job.processType, 'background');
  const { help, page } = await probe(t, 'tool-tables.ts', /(?<=flag: 'lines',[^}]*},\s*default: )\d+/, '12');
  t.regex(help.logs, /--lines <N>(?:(?!--)[\s\S])*\(default:\s+12\)/);
  t.regex(page, /`--lines N` .*\| 12 \|$/m);
});
